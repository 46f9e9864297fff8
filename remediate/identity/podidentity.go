package identity

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/oakum-sec/oakum/remediate/act"
)

// associated is a service account of EKS with Pod Identity.
type associated struct {
	*cloud
	p *Plan
}

// agent is the add-on that hands pods their credentials (Amazon EKS User Guide, "Set
// up the Amazon EKS Pod Identity Agent").
const agent = "eks-pod-identity-agent"

// association is the service account's, nil where there is none: there is one at most.
func (a *associated) association(ctx context.Context) (*types.PodIdentityAssociation, error) {
	w := a.p.Workload.PodIdentity
	list, err := ask(ctx, a.Tools, func() (*eks.ListPodIdentityAssociationsOutput, error) {
		return a.eks.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: &w.Cluster, Namespace: &w.Namespace, ServiceAccount: &w.Name})
	})
	if err != nil {
		return nil, fmt.Errorf("list associations (eks:ListPodIdentityAssociations): %w", err)
	}
	for _, one := range list.Associations {
		out, err := ask(ctx, a.Tools, func() (*eks.DescribePodIdentityAssociationOutput, error) {
			return a.eks.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &w.Cluster, AssociationId: one.AssociationId})
		})
		if is(err, "ResourceNotFoundException") {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at an association (eks:DescribePodIdentityAssociation): %w", err)
		}
		return out.Association, nil
	}
	return nil, nil
}

func (a *associated) look(ctx context.Context) error {
	have, err := a.association(ctx)
	if err != nil {
		return err
	}
	if have != nil {
		return fmt.Errorf("it has the role %s by an association already: give that role the needs, or delete the association", lastPart(aws.ToString(have.RoleArn)))
	}
	w := a.p.Workload.PodIdentity
	_, err = ask(ctx, a.Tools, func() (*eks.DescribeAddonOutput, error) {
		return a.eks.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &w.Cluster, AddonName: aws.String(agent)})
	})
	if err != nil {
		a.p.Warnings = append(a.p.Warnings, "whether the cluster has the add-on "+agent+" was not seen ("+codeOf(err)+"): without it no pod gets the role (`aws eks create-addon --cluster-name "+w.Cluster+" --addon-name "+agent+"`; EKS Auto Mode has it built in)")
	}
	return nil
}

func (a *associated) attach() act.Op    { return &podOp{a} }
func (a *associated) strip(*run) act.Op { return nil }

func (a *associated) words() words {
	w := a.p.Workload.PodIdentity
	return inPod(a.p, w.Namespace, words{
		attach: "associate the role with the service account; pods that start afterwards have it", attachUndo: "delete the association; pods that start afterwards do not have it",
		todo: []string{"pods get the role when they start: `kubectl -n " + w.Namespace + " rollout restart deployment NAME` before the workload is asked who it is"},
	})
}

// inPod adds what is the same for all pods.
func inPod(p *Plan, namespace string, w words) words {
	exec := "kubectl -n " + namespace + " exec POD -- "
	w.probe, w.after = exec+unset(p.Variables)+"aws sts get-caller-identity", exec+"aws sts get-caller-identity"
	w.strip = "what a pod has in its manifest and in Secrets is not reached from here: take " + list(p.Variables) + " out of it (`oakum remediate plan` rewrites manifests), apply it, and wait for the rollout"
	return w
}

// podOp has the service account be associated with the role.
type podOp struct{ *associated }

func (o *podOp) Done(ctx context.Context) (bool, error) {
	have, err := o.association(ctx)
	if have == nil || err != nil {
		return false, err
	}
	switch {
	case have.Tags[tagOp] != o.p.op("attach"):
		return false, fmt.Errorf("an association of the service account with the role %s: %w", lastPart(aws.ToString(have.RoleArn)), ErrForeign)
	case aws.ToString(have.RoleArn) != o.p.roleARN():
		return false, fmt.Errorf("the association has the role %s: %w", lastPart(aws.ToString(have.RoleArn)), ErrStale)
	}
	return true, nil
}

func (o *podOp) Do(ctx context.Context) error {
	w := o.p.Workload.PodIdentity
	_, err := ask(ctx, o.Tools, func() (*eks.CreatePodIdentityAssociationOutput, error) {
		return o.eks.CreatePodIdentityAssociation(ctx, &eks.CreatePodIdentityAssociationInput{
			ClusterName: &w.Cluster, Namespace: &w.Namespace, ServiceAccount: &w.Name, RoleArn: aws.String(o.p.roleARN()),
			ClientRequestToken: aws.String(o.p.op("attach")), Tags: map[string]string{tagOp: o.p.op("attach"), tagRun: o.p.Run},
		})
	})
	if is(err, "ResourceInUseException") { // there is one; the next look tells whose
		return nil
	}
	if err != nil {
		return fmt.Errorf("associate (eks:CreatePodIdentityAssociation, and iam:PassRole for the role): %w", err)
	}
	return nil
}

func (o *podOp) Undo(ctx context.Context) error {
	have, err := o.association(ctx)
	if have == nil || err != nil || have.Tags[tagOp] != o.p.op("attach") {
		return err
	}
	_, err = ask(ctx, o.Tools, func() (*eks.DeletePodIdentityAssociationOutput, error) {
		return o.eks.DeletePodIdentityAssociation(ctx, &eks.DeletePodIdentityAssociationInput{ClusterName: &o.p.Workload.PodIdentity.Cluster, AssociationId: have.AssociationId})
	})
	if is(err, "ResourceNotFoundException") {
		return nil
	}
	return err
}
