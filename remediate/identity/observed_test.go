package identity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/access"
)

var there = access.Account{Partition: "aws", Account: account, Region: "eu-west-1"}

// trail are events as CloudTrail writes them (AWS CloudTrail User Guide, "CloudTrail
// log file examples", and those of each service), shortened to what counts.
func trail(key string) string {
	other := strings.Replace(key, "AKIA", "ASIA", 1)
	return fmt.Sprintf(`{"Records": [
{"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::orders/in.csv"}, {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::orders", "accountId": "1"}]},
{"eventSource": "s3.amazonaws.com", "eventName": "HeadObject", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::orders/in.csv"}]},
{"eventSource": "s3.amazonaws.com", "eventName": "ListObjects", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::orders/"}, {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::orders"}]},
{"eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"Host": "s3.amazonaws.com"}},
{"eventSource": "ssm.amazonaws.com", "eventName": "GetParameter", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"name": "/prod/orders/url", "withDecryption": true}},
{"eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"secretId": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/mysql-AbCdEf"}},
{"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"encryptionContext": {"app": "orders"}}, "resources": [{"type": "AWS::KMS::Key", "ARN": "arn:aws:kms:eu-west-1:123456789012:key/1"}]},
{"eventSource": "dynamodb.amazonaws.com", "eventName": "Query", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"tableName": "orders"}},
{"eventSource": "lambda.amazonaws.com", "eventName": "Invoke", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"functionName": "mail"}},
{"eventSource": "lambda.amazonaws.com", "eventName": "GetFunction20150331v2", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}, "requestParameters": {"functionName": "mail"}},
{"eventSource": "monitoring.amazonaws.com", "eventName": "PutMetricData", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}},
{"eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[1]q}},
{"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "us-east-1", "errorCode": "AccessDenied", "userIdentity": {"accessKeyId": %[1]q}},
{"eventSource": "s3.amazonaws.com", "eventName": "DeleteObject", "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %[2]q}, "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::orders/x"}]}
]}`, key, other)
}

func TestObserved(t *testing.T) {
	id := leaktest.Must(3, `{{awsID "AKIA"}}`)
	want := []string{
		"cloudwatch:PutMetricData *", "dynamodb:Query arn:aws:dynamodb:eu-west-1:123456789012:table/orders", "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/1",
		"lambda:GetFunction arn:aws:lambda:eu-west-1:123456789012:function:mail", "lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:mail",
		"s3:GetObject arn:aws:s3:::orders/in.csv", "s3:ListAllMyBuckets *", "s3:ListBucket arn:aws:s3:::orders",
		"secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/mysql-AbCdEf", "ssm:GetParameter arn:aws:ssm:eu-west-1:123456789012:parameter/prod/orders/url",
	}
	var file struct{ Records []json.RawMessage }
	if err := json.Unmarshal([]byte(trail(id)), &file); err != nil {
		t.Fatal(err)
	}
	lookup := map[string][]map[string]string{}
	for _, r := range file.Records {
		lookup["Events"] = append(lookup["Events"], map[string]string{"CloudTrailEvent": string(r)})
	}
	bare, err := json.Marshal(file.Records)
	if err != nil {
		t.Fatal(err)
	}
	looked, err := json.Marshal(lookup)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"file": trail(id), "list": string(bare), "LookupEvents": string(looked)} {
		s, err := Observed([]byte(text), id, there)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		var got []string
		for _, n := range s.Needs {
			if err := n.Valid(); err != nil {
				t.Errorf("%s: %v", form, err)
			}
			if n.Action == "kms:Decrypt" && n.Context["kms:EncryptionContext:app"] != "orders" {
				t.Errorf("%s: the context of %v", form, n)
			}
			got = append(got, n.Action+" "+n.Resource)
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: the needs are\n%s", form, strings.Join(got, "\n"))
		}
		told := strings.Join(s.Told, "\n")
		if !strings.Contains(told, "1 of 14 events were made with other keys") || !strings.Contains(told, "refused iam:CreateUser") {
			t.Errorf("%s: told %s", form, told)
		}
	}
}

// TestObservedDoesNotGuess: what CloudTrail does not say is asked for.
func TestObservedDoesNotGuess(t *testing.T) {
	id := leaktest.Must(3, `{{awsID "AKIA"}}`)
	one := func(source, name, more string) string {
		return fmt.Sprintf(`[{"eventSource": "%s.amazonaws.com", "eventName": %q, "awsRegion": "eu-west-1", "userIdentity": {"accessKeyId": %q}%s}]`, source, name, id, more)
	}
	for text, says := range map[string]string{
		one("secretsmanager", "GetSecretValue", `, "requestParameters": {"secretId": "prod/mysql"}`): "secretsmanager:GetSecretValue",
		one("sqs", "SendMessage", ""): "sqs:SendMessage",
		one("s3", "GetObject", `, "resources": [{"ARN": "arn:aws:s3:::orders"}]`): "s3:GetObject",
		strings.ReplaceAll(one("s3", "ListBuckets", ""), "AKIA", "ASIA"):          "none of 1 events",
		`{"Other": []}`: "neither Records nor Events",
		`{"Records": `:  "read CloudTrail's events",
		"- {acton: a}":  "read what was observed",
	} {
		if _, err := Observed([]byte(text), id, there); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: expected %q: %v", text, says, err)
		}
	}
	if words := hint([]access.Need{{Action: "s3:GetObject"}}, "ec2"); !strings.Contains(words, "last used for ec2") {
		t.Errorf("the hint is %q", words)
	}
	if words := hint([]access.Need{{Action: "s3:GetObject"}}, "s3"); words != "" {
		t.Errorf("the hint is %q", words)
	}
}

func TestReadSettings(t *testing.T) {
	id := leaktest.Must(3, `{{awsID "AKIA"}}`)
	good := "version: 1\nkey: " + id + "\nrole: orders\nneeds: {access: access.yaml, reader: orders}\nworkload: {ecs: {cluster: prod, service: orders}}\n"
	if _, err := ReadSettings([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, says string }{
		{"version: 1", "version: 2", "version 2"},
		{"AKIA", "ASIA", "ends by itself"},
		{"role: orders", "role: a/b", "give a name"},
		{", reader: orders", "", "go together"},
		{"needs: {access: access.yaml, reader: orders}", "needs: {}", "say access and reader, or observed"},
		{"service: orders}}", "service: orders}, ec2: {instance: i-1}}", "say exactly one; there are [ec2 ecs]"},
		{"cluster: prod, ", "", "cluster is missing"},
		{"role:", "roles: 1\nrole:", "field roles not found"},
		{"role:", "probe: {invoke: '{}'}\nrole:", "probe.invoke is for lambda"},
		{"role:", "variables: [A-B]\nrole:", "no name of a variable"},
		{"reader: orders}", "reader: orders, also: [{action: 's3:*', resource: '*'}]}", "without wildcards"},
	} {
		if _, err := ReadSettings([]byte(strings.Replace(good, c.old, c.new, 1))); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: expected %q: %v", c.new, c.says, err)
		}
	}
}
