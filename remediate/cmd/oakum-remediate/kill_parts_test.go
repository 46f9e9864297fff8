//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
	"github.com/oakum-sec/oakum/remediate/store/awssecrets"
	"github.com/oakum-sec/oakum/remediate/store/vaultkv"
)

// storeKinds is how many kinds of stores the program is killed over.
const storeKinds = 4

// realStores are moto's two, OpenBao's, and a file.
func realStores(t *testing.T) []*realStore {
	t.Helper()
	gate := awstest.Start(t)
	return append(awsStores(t, gate), baoStore(t), ageStore())
}

// ageStore is a file in the project. It has no list: its names are those of the plans.
func ageStore() *realStore {
	s := &realStore{name: "agefile", to: "age:", clear: func(*testing.T) {}} // it goes with the project
	s.names = func(t *testing.T) (names []string) {
		t.Helper()
		for _, file := range s.plans {
			var p struct{ Secrets []struct{ Name string } }
			if err := json.Unmarshal(must(os.ReadFile(file)), &p); err != nil {
				t.Fatal(err)
			}
			for _, one := range p.Secrets {
				names = append(names, one.Name)
			}
		}
		return names
	}
	return s
}

func awsStores(t *testing.T, gate *awstest.Gate) []*realStore {
	t.Helper()
	cfg := gate.Config(t, gate.Admin)
	secrets, params := sm.NewFromConfig(cfg), ssm.NewFromConfig(cfg)
	clear := func(t *testing.T) {
		t.Helper()
		resp, err := http.Post(gate.URL+"/moto-api/reset", "", nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("reset moto: %v", err)
		}
		resp.Body.Close()
	}
	env := func(x *toll) []string {
		return []string{"AWS_ENDPOINT_URL=" + x.URL, "AWS_REGION=eu-west-1", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
			"AWS_ACCESS_KEY_ID=" + gate.Admin.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + gate.Admin.SecretAccessKey}
	}
	one, two := newToll(t, gate.URL), newToll(t, gate.URL)
	return []*realStore{
		{name: "awssecrets", to: "awssecrets:", env: env(one), toll: one, driver: awssecrets.New(cfg, awssecrets.Options{}), clear: clear,
			names: func(t *testing.T) (names []string) {
				out, err := secrets.ListSecrets(t.Context(), &sm.ListSecretsInput{MaxResults: aws.Int32(100)})
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range out.SecretList {
					names = append(names, aws.ToString(s.Name))
				}
				return names
			}},
		{name: "awsparams", to: "awsparams:", env: env(two), toll: two, driver: awsparams.New(cfg, awsparams.Options{}), clear: clear,
			names: func(t *testing.T) (names []string) {
				out, err := params.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{MaxResults: aws.Int32(50)})
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range out.Parameters {
					names = append(names, aws.ToString(p.Name))
				}
				return names
			}},
	}
}

func baoStore(t *testing.T) *realStore {
	t.Helper()
	bao := realtest.StartOpenBao(t, "")
	config := api.DefaultConfig()
	config.Address = bao.Address
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(bao.Token)
	x := newToll(t, bao.Address)
	s := &realStore{name: "vaultkv", to: "vaultkv://secret", env: []string{"VAULT_ADDR=" + x.URL, "VAULT_TOKEN=" + bao.Token}, toll: x,
		driver: vaultkv.New(client, "secret"), names: func(t *testing.T) []string { return listed(t, client, "") }}
	s.clear = func(t *testing.T) {
		t.Helper()
		for _, name := range s.names(t) {
			if err := client.KVv2("secret").DeleteMetadata(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// listed are the names below a folder of the mount.
func listed(t *testing.T, client *api.Client, folder string) (names []string) {
	t.Helper()
	s, err := client.Logical().ListWithContext(t.Context(), filepath.ToSlash(filepath.Join("secret/metadata", folder)))
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		return nil
	}
	for _, key := range s.Data["keys"].([]any) {
		if name := folder + key.(string); strings.HasSuffix(name, "/") {
			names = append(names, listed(t, client, name)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}
