// Package awsrotation has AWS Secrets Manager rotate a database user by itself: for
// those who want a schedule there and no program of their own that runs for ever.
//
// Secrets Manager calls a Lambda function four times for each rotation. The function is
// generated as files that people read, own and deploy: oakum does not deploy it, and
// does not see it run. It lets two users take turns that oakum's own rotation has made
// alike; it makes none, copies no grant, and does nothing where the two differ.
//
// Its limits: the function does not know whether programs have read the new credential.
// They have until the next rotation, in which the old user gets another password.
package awsrotation

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

//go:embed function/handler.py
var handler string

//go:embed function/postgres.py
var forPostgres string

//go:embed function/mysql.py
var forMySQL string

// Function is what a function is generated for.
type Function struct {
	Kind   string // "postgres" or "mysql", which is for MariaDB too
	Secret string // the ARN of the secret that is rotated
	Admin  string // the ARN of the secret of the user who may change the two
	Users  dbuser.Pair
	Check  string // what is asked as the new user; "" is SELECT 1
}

// File is one of what is generated. It holds no value.
type File struct {
	Name string
	Text string
}

// kinds are the languages of databases: the code, and the client that is packed with it.
var kinds = map[string]struct{ code, client string }{
	"postgres": {forPostgres, "pg8000>=1.31,<2"},
	"mysql":    {forMySQL, "PyMySQL>=1.1,<2"},
}

// Generate makes the function, what it needs beside Python's and AWS's own libraries,
// the policy of its role, and the lines that deploy it.
func Generate(f Function) ([]File, error) {
	k, ok := kinds[f.Kind]
	switch {
	case !ok:
		return nil, fmt.Errorf("a rotation function is made for postgres and mysql, not for %q", f.Kind)
	case f.Secret == "" || f.Admin == "" || f.Secret == f.Admin:
		return nil, fmt.Errorf("name two secrets: the one that is rotated, and the admin's")
	}
	if err := f.Users.Check(); err != nil {
		return nil, err
	}
	for _, name := range f.Users {
		if strings.ContainsAny(name, ",\"'\\") {
			return nil, fmt.Errorf("the name of a user has no comma, quote or backslash")
		}
	}
	policy, err := f.policy()
	if err != nil {
		return nil, err
	}
	environment, err := f.environment()
	if err != nil {
		return nil, err
	}
	return []File{
		{"lambda_function.py", handler + k.code}, {"requirements.txt", k.client + "\n"}, {"policy.json", policy}, {"environment.json", environment}, {"deploy.sh", f.deploy()},
	}, nil
}

// policy is what the function's role may do, beside AWSLambdaVPCAccessExecutionRole.
func (f Function) policy() (string, error) {
	type statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	return indented(map[string]any{"Version": "2012-10-17", "Statement": []statement{
		{"Allow", []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"}, f.Secret},
		{"Allow", []string{"secretsmanager:GetSecretValue"}, f.Admin},
	}})
}

func (f Function) environment() (string, error) {
	set := map[string]string{"OAKUM_USERS": strings.Join(f.Users, ","), "OAKUM_ADMIN_SECRET": f.Admin}
	if f.Check != "" {
		set["OAKUM_CHECK"] = f.Check
	}
	return indented(map[string]any{"Variables": set})
}

func indented(v any) (string, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return string(b) + "\n", err
}

// deploy are lines to read first: the role and the network are the account's own.
func (f Function) deploy() string {
	return `#!/bin/sh
# Deploys the function beside this file. ROLE is the ARN of a role with policy.json and
# AWS's AWSLambdaVPCAccessExecutionRole; SUBNETS and GROUPS reach the database and
# Secrets Manager. The secret's key, where it is not AWS's own, has to let ROLE decrypt.
set -eu
: "${ROLE:?}" "${SUBNETS:?}" "${GROUPS:?}" "${NAME:=oakum-rotation}"
cd "$(dirname "$0")"
rm -rf build && mkdir build
python3 -m pip install --quiet --target build -r requirements.txt
cp lambda_function.py build/
(cd build && python3 -m zipfile -c ../function.zip .)
aws lambda create-function --function-name "$NAME" --runtime python3.13 --handler lambda_function.lambda_handler \
  --timeout 60 --zip-file fileb://function.zip --role "$ROLE" --environment file://environment.json \
  --vpc-config "SubnetIds=$SUBNETS,SecurityGroupIds=$GROUPS"
aws lambda add-permission --function-name "$NAME" --statement-id secretsmanager --action lambda:InvokeFunction \
  --principal secretsmanager.amazonaws.com --source-arn '` + f.Secret + `'
`
}
