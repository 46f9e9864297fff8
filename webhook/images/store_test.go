package images

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/leak"
)

// basic is a password.
type basic struct{ password string }

func (b basic) Authorization() (*authn.AuthConfig, error) {
	return &authn.AuthConfig{Username: "puller", Password: b.password}, nil
}

// A shard is bounded, and what was used the longest time ago goes first.
func TestShardIsBounded(t *testing.T) {
	data := map[string]string{}
	for i := range 300 {
		v := &Verdict{Rules: "r", Used: int64(i)}
		for j := range maxFindings {
			v.Findings = append(v.Findings, &leak.Finding{Sighting: leak.Sighting{Place: leak.ImageFile{Image: "registry.example.com/app", Layer: "sha256:1", Name: strings.Repeat("x", 200)}},
				ID: fmt.Sprint(i, j), Rule: "generic-secret"})
		}
		if err := put(data, fmt.Sprintf("sha256:%064x", i), v); err != nil {
			t.Fatal(err)
		}
	}
	size := 0
	for k, text := range data {
		size += len(k) + len(text)
	}
	if size > shardBytes || len(data) < 50 || len(data) >= 300 {
		t.Errorf("%d verdicts of %d bytes", len(data), size)
	}
	if _, kept := data[keyOf(fmt.Sprintf("sha256:%064x", 299))]; !kept {
		t.Error("the last one went")
	}
	if _, kept := data[keyOf(fmt.Sprintf("sha256:%064x", 0))]; kept {
		t.Error("the oldest one stayed")
	}
	if err := put(data, "sha256:0", &Verdict{Rules: strings.Repeat("x", shardBytes+1)}); err == nil {
		t.Error("a verdict larger than a shard was taken")
	}
}

// A verdict has the gravest findings, and the number of the others.
func TestVerdictIsBounded(t *testing.T) {
	var all []*leak.Finding
	for i := range 50 {
		f := &leak.Finding{Sighting: leak.Sighting{Place: leak.ImageFile{Name: "a"}}, ID: fmt.Sprint(i), Rule: "generic-secret", Notes: []string{"n"}}
		if i == 49 {
			f.Proof, f.Rule = leak.Proven, "github-token"
		}
		all = append(all, f)
	}
	kept, more := verdictOf(all)
	if len(kept) != maxFindings || more != 30 || kept[0].Rule != "github-token" || kept[0].Notes != nil {
		t.Errorf("%d kept, %d more, first %+v", len(kept), more, kept[0])
	}
}

// Somebody else's ConfigMap of our name is let be.
func TestForeignShard(t *testing.T) {
	d := newDesk(t, "rules 1", &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "oakum-images-0", Namespace: "oakum-system"}, Data: map[string]string{"mine": "1"}})
	err := d.store.put(t.Context(), "sha256:"+strings.Repeat("0", 64), "", &Verdict{Rules: "r"})
	if err == nil || !strings.Contains(err.Error(), "not oakum's own") {
		t.Errorf("%v", err)
	}
}

// A digest has at most so many tags, the newest ones.
func TestNamesAreBounded(t *testing.T) {
	d := newDesk(t, "rules 1")
	digest := "sha256:" + strings.Repeat("a", 64)
	for i := range maxNames + 10 {
		if err := d.store.put(t.Context(), digest, fmt.Sprintf("registry.example.com/app:%03d", i), &Verdict{Rules: "r"}); err != nil {
			t.Fatal(err)
		}
	}
	v := d.reader(t).verdict("registry.example.com/app@" + digest)
	if v == nil || len(v.Names) != maxNames {
		t.Fatalf("%+v", v)
	}
	if _, newest := v.Names[fmt.Sprintf("registry.example.com/app:%03d", maxNames+9)]; !newest {
		t.Error("the newest tag went")
	}
}

// What is no verdict is none, and breaks nothing.
func TestDamagedShard(t *testing.T) {
	in := read(map[string]string{"sha256.1": "{", "sha256.2": `{"rules":""}`, "x": "", "sha256.3": `{"rules":"r","findings":[null]}`, "sha256.4": `{"rules":"r","names":{"a:1":5}}`})
	if len(in.verdicts) != 2 || in.names["a:1"].digest != "sha256:4" {
		t.Errorf("%+v", in)
	}
	for _, v := range in.verdicts {
		v.findings()
	}
}
