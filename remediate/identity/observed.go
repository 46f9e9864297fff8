package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/access"
)

// Seen is what a file of observations tells.
type Seen struct {
	Needs []access.Need
	Told  []string // what was left out, and why
}

// event is what counts of one of CloudTrail's (AWS CloudTrail User Guide, "CloudTrail
// record contents").
type event struct {
	Source    string `json:"eventSource"`
	Name      string `json:"eventName"`
	ErrorCode string `json:"errorCode"`
	Region    string `json:"awsRegion"`
	Who       struct {
		Key string `json:"accessKeyId"`
	} `json:"userIdentity"`
	Resources []struct {
		ARN  string `json:"ARN"`
		Type string `json:"type"`
	} `json:"resources"`
	Parameters json.RawMessage `json:"requestParameters"`
}

// Observed reads what a key was seen doing: CloudTrail's files ({"Records": [...]}), the
// answers of its LookupEvents ({"Events": [{"CloudTrailEvent": "…"}]}), a bare list of
// events, or a YAML list of needs (action, resource). An event whose resource cannot be
// told is an error: a guess would be a wildcard.
func Observed(text []byte, key string, account access.Account) (Seen, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[' && bytes.Contains(trimmed, []byte(`"eventName"`))) {
		events, err := readEvents(trimmed)
		if err != nil {
			return Seen{}, fmt.Errorf("read CloudTrail's events: %w", err)
		}
		return seen(events, key, account)
	}
	var needs []access.Need
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&needs); err != nil {
		return Seen{}, fmt.Errorf("read what was observed: %w; write a list of action and resource, or give CloudTrail's JSON", err)
	}
	return Seen{Needs: needs}, nil
}

func readEvents(text []byte) (events []event, err error) {
	if text[0] == '[' {
		return events, json.Unmarshal(text, &events)
	}
	var file struct {
		Records []event
		Events  []struct{ CloudTrailEvent string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	for i, e := range file.Events {
		var one event
		if err := json.Unmarshal([]byte(e.CloudTrailEvent), &one); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		file.Records = append(file.Records, one)
	}
	if len(file.Records) == 0 {
		return nil, errors.New("it has neither Records nor Events")
	}
	return file.Records, nil
}

func seen(events []event, key string, account access.Account) (s Seen, err error) {
	others, refused := 0, map[string]bool{}
	open := map[string]bool{}
	for _, e := range events {
		switch {
		case e.Who.Key != key:
			others++
			continue
		case e.ErrorCode != "": // what was refused is nothing that it may do
			refused[e.action()] = true
			continue
		case e.action() == "sts:GetCallerIdentity": // needs no permission
			continue
		}
		needs := e.needs(account)
		if len(needs) == 0 {
			open[e.action()] = true
		}
		s.Needs = append(s.Needs, needs...)
	}
	if len(open) > 0 {
		return s, fmt.Errorf("which resource was it? CloudTrail's events do not tell for %s: write each with its ARN under needs.also, and take those events out of the file", names(open))
	}
	if others > 0 {
		s.Told = append(s.Told, fmt.Sprintf("%d of %d events were made with other keys, and left out", others, len(events)))
	}
	if len(refused) > 0 {
		s.Told = append(s.Told, "the key was refused "+names(refused)+", which the role is not given either")
	}
	if len(s.Needs) == 0 {
		return s, fmt.Errorf("none of %d events was made with the key %s", len(events), shown(key))
	}
	return s, nil
}

func names(set map[string]bool) string {
	var list []string
	for n := range set {
		list = append(list, n)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// prefixes are services whose events' source is not IAM's name of them.
var prefixes = map[string]string{"monitoring": "cloudwatch", "elasticmapreduce": "elasticmapreduce", "email": "ses"}

// actions are events that IAM has another name for (Amazon S3 User Guide, "Required
// permissions for Amazon S3 API operations"; AWS Lambda Developer Guide, "Logging AWS
// Lambda API calls").
var actions = map[string]string{
	"s3:HeadObject": "s3:GetObject", "s3:ListObjects": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadBucket": "s3:ListBucket", "s3:ListBuckets": "s3:ListAllMyBuckets",
	"s3:CopyObject": "s3:PutObject", "s3:CreateMultipartUpload": "s3:PutObject", "s3:UploadPart": "s3:PutObject", "s3:CompleteMultipartUpload": "s3:PutObject", "s3:DeleteObjects": "s3:DeleteObject",
	"lambda:Invoke": "lambda:InvokeFunction",
}

// dated is the version at the end of Lambda's events: GetFunction20150331v2.
var dated = regexp.MustCompile(`20\d{6}(v\d+)?$`)

// action is IAM's name of what the event tells.
func (e event) action() string {
	service, _, _ := strings.Cut(e.Source, ".")
	if p, ok := prefixes[service]; ok {
		service = p
	}
	name := service + ":" + dated.ReplaceAllString(e.Name, "")
	if a, ok := actions[name]; ok {
		return a
	}
	return name
}

// needs are what the event asked for, none where it does not say of what.
func (e event) needs(account access.Account) (all []access.Need) {
	action := e.action()
	if access.Whole(action) {
		return []access.Need{{Action: action, Resource: "*"}}
	}
	for _, arn := range e.arns(action, account) {
		n := access.Need{Action: action, Resource: arn}
		if action == "kms:Decrypt" || action == "kms:Encrypt" || strings.HasPrefix(action, "kms:GenerateDataKey") {
			var in struct {
				Context map[string]string `json:"encryptionContext"`
			}
			if json.Unmarshal(e.Parameters, &in) == nil {
				for k, v := range in.Context {
					if n.Context == nil {
						n.Context = map[string]string{}
					}
					n.Context["kms:EncryptionContext:"+k] = v
				}
			}
		}
		all = append(all, n)
	}
	return all
}

// arns are the resources that an event names.
func (e event) arns(action string, account access.Account) (all []string) {
	bucket := action == "s3:ListBucket" || strings.HasPrefix(action, "s3:") && strings.Contains(action, "Bucket")
	for _, r := range e.Resources {
		object := strings.HasPrefix(r.ARN, "arn:") && strings.Contains(r.ARN[strings.LastIndex(r.ARN, ":")+1:], "/")
		if strings.HasPrefix(action, "s3:") && object == bucket {
			continue // events of objects name their bucket too
		}
		if strings.HasPrefix(r.ARN, "arn:") && !slices.Contains(all, r.ARN) {
			all = append(all, r.ARN)
		}
	}
	if len(all) > 0 {
		return all
	}
	var in struct {
		SecretID string   `json:"secretId"`
		Name     string   `json:"name"`
		Names    []string `json:"names"`
		Topic    string   `json:"topicArn"`
		Function string   `json:"functionName"`
		Table    string   `json:"tableName"`
	}
	if json.Unmarshal(e.Parameters, &in) != nil {
		return nil
	}
	at := func(service, rest string) string {
		return "arn:" + account.Partition + ":" + service + ":" + e.Region + ":" + account.Account + ":" + rest
	}
	switch service, _, _ := strings.Cut(action, ":"); {
	case service == "ssm" && (in.Name != "" || len(in.Names) > 0):
		for _, n := range append(in.Names, in.Name) {
			if n != "" {
				all = append(all, at("ssm", "parameter/"+strings.TrimPrefix(n, "/")))
			}
		}
	case service == "secretsmanager" && strings.HasPrefix(in.SecretID, "arn:"): // a name lacks the six characters
		all = append(all, in.SecretID)
	case service == "sns" && in.Topic != "":
		all = append(all, in.Topic)
	case service == "dynamodb" && in.Table != "":
		all = append(all, at("dynamodb", "table/"+in.Table))
	case service == "lambda" && strings.HasPrefix(in.Function, "arn:"):
		all = append(all, in.Function)
	case service == "lambda" && in.Function != "":
		all = append(all, at("lambda", "function:"+in.Function))
	}
	return all
}
