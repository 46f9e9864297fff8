// Package identity has a workload be somebody instead of having a key.
//
// It goes from an access key of AWS, and what that is needed for, to a role that may
// do just that: the role and its policy are made and proven, the workload (an ECS
// service, an EC2 instance, a Lambda function, a Kubernetes service account of EKS, a
// pipeline) is given the role, shows from inside that it is the role, loses the key's
// variables, and shows it again. Static keys win over roles in the SDKs' chain, so that
// a role beside a key is never used, and nobody notices.
//
// Its promises:
//
//   - Each step looks at the world first: doing it twice is doing it once. What is
//     ours is known by a tag, oakum-op, which a later try makes again.
//   - Nothing that we did not make is overwritten: a role of the same name, a
//     revision that somebody deployed meanwhile, an annotation that names another
//     role are errors and stay.
//   - The key stays Active. It is for the rotator to retire, which can bring it back;
//     until then undo takes everything back, in the reverse order.
//   - No key is taken from a workload before the workload has shown that it is the
//     role.
//
// Its limits: what a machine has in its files, a pod in its manifest and a pipeline in
// its file is changed by its owner or by `oakum remediate plan`; here it is told, and
// the second proof asks for it. Service control policies and policies of resources are
// seen only where the account's own simulator answers.
package identity
