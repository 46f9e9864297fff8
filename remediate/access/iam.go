package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
)

// Policy is a document of IAM, as far as this package writes one.
type Policy struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Statement is one of its parts. Every list is sorted.
type Statement struct {
	Sid       string               `json:"Sid,omitempty"`
	Effect    string               `json:"Effect"`
	Principal map[string]string    `json:"Principal,omitempty"`
	Action    list                 `json:"Action"`
	Resource  list                 `json:"Resource,omitempty"`
	Condition map[string]Condition `json:"Condition,omitempty"`
}

// Condition is an operator's keys and what they may be.
type Condition map[string]list

// list is what IAM lets stand as one text or several.
type list []string

func (l *list) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// ReadPolicy reads a document strictly: of what is not understood (NotAction,
// a principal of several kinds of names) nothing could be proven.
func ReadPolicy(text []byte) (Policy, error) {
	var p Policy
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	for i, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 {
			return Policy{}, fmt.Errorf("read the policy: statement %d has no effect or action", i)
		}
	}
	return p, nil
}

// The version of the policy language (IAM User Guide, "Version").
const policyVersion = "2012-10-17"

// arn is a secret's exact name.
func (d *Description) arn(s Secret) string {
	at := "arn:" + d.AWS.Partition + ":"
	if s.Store == ref.AWSParams {
		return at + "ssm:" + d.AWS.Region + ":" + d.AWS.Account + ":parameter" + s.Name
	}
	return at + "secretsmanager:" + d.AWS.Region + ":" + d.AWS.Account + ":secret:" + s.Name + "-" + s.Suffix
}

// needs are those of a reader. ECS' agent reads parameters in batches
// (Amazon ECS Developer Guide, "task execution IAM role").
func (d *Description) needs(r Reader) (all []Need) {
	for _, name := range r.Reads {
		s := d.Secrets[name]
		arn := d.arn(s)
		action, service, key := "secretsmanager:GetSecretValue", "secretsmanager", "SecretARN"
		if s.Store == ref.AWSParams {
			action, service, key = "ssm:GetParameter", "ssm", "PARAMETER_ARN"
			if r.As.ECS != nil && r.As.ECS.Execution {
				action = "ssm:GetParameters"
			}
		}
		if !slices.Contains(inAWS, s.Store) {
			continue
		}
		all = append(all, Need{Action: action, Resource: arn})
		if s.KMS != "" {
			all = append(all, Need{"kms:Decrypt", s.KMS, map[string]string{
				viaService:              service + "." + d.AWS.Region + ".amazonaws.com",
				encryptionContext + key: arn,
			}})
		}
	}
	return all
}

// permissions is a reader's policy: exact names, and keys only on the way of the
// store and for the secret (AWS KMS Developer Guide, "kms:ViaService";
// Secrets Manager User Guide, "Secret encryption", on the encryption context).
func (d *Description) permissions(r Reader) Policy { return Allow(d.needs(r)) }

// trust says who may take the role.
func (d *Description) trust(r Reader) Policy {
	st := Statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}}
	account, region, partition := d.AWS.Account, d.AWS.Region, d.AWS.Partition
	service := func(name string) map[string]string { return map[string]string{"Service": name + ".amazonaws.com"} }
	as := r.As
	switch {
	case as.ECS != nil: // ECS Developer Guide, "task IAM role": no cluster can be named
		st.Principal = service("ecs-tasks")
		st.Condition = map[string]Condition{
			"StringEquals": {"aws:SourceAccount": {account}},
			"ArnLike":      {"aws:SourceArn": {"arn:" + partition + ":ecs:" + region + ":" + account + ":*"}},
		}
	case as.EC2 != nil:
		st.Principal = service("ec2")
	case as.Lambda != nil:
		st.Principal = service("lambda")
	case as.PodIdentity != nil: // EKS User Guide, "Pod Identity role"
		st.Principal = service("pods.eks")
		st.Action = []string{"sts:AssumeRole", "sts:TagSession"}
		cluster := "arn:" + partition + ":eks:" + region + ":" + account + ":cluster/" + as.PodIdentity.Cluster
		st.Condition = map[string]Condition{"StringEquals": {
			"aws:SourceAccount":                         {account},
			"aws:SourceArn":                             {cluster},
			"aws:RequestTag/kubernetes-namespace":       {as.PodIdentity.Namespace},
			"aws:RequestTag/kubernetes-service-account": {as.PodIdentity.Name},
		}}
	default:
		provider, audience, subject := as.Web()
		st.Action = []string{"sts:AssumeRoleWithWebIdentity"}
		st.Principal = map[string]string{"Federated": "arn:" + partition + ":iam::" + account + ":oidc-provider/" + provider}
		st.Condition = map[string]Condition{"StringEquals": {provider + ":aud": {audience}, provider + ":sub": {subject}}}
	}
	return Policy{Version: policyVersion, Statement: []Statement{st}}
}

// Web is a token's issuer, audience and subject.
func (i Identity) Web() (provider, audience, subject string) {
	switch {
	case i.IRSA != nil:
		return i.IRSA.Provider, "sts.amazonaws.com", "system:serviceaccount:" + i.IRSA.Namespace + ":" + i.IRSA.Name
	case i.GitHub != nil:
		subject = "repo:" + i.GitHub.Repository + ":ref:" + i.GitHub.Ref
		if i.GitHub.Environment != "" {
			subject = "repo:" + i.GitHub.Repository + ":environment:" + i.GitHub.Environment
		}
		return "token.actions.githubusercontent.com", "sts.amazonaws.com", subject
	case i.GitLab != nil:
		host := i.GitLab.Host
		if host == "" {
			host = "gitlab.com"
		}
		return host, "https://" + host, "project_path:" + i.GitLab.Project + ":ref_type:branch:ref:" + i.GitLab.Branch
	}
	return "", "", ""
}

// mountAndPath are a Vault secret's.
func mountAndPath(name string) (mount, path string) {
	mount, path, _ = strings.Cut(name, "/")
	return mount, path
}
