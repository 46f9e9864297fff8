package server

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// What is kept of an object names rules and keys, and holds nothing of what is in it.
func TestKeep(t *testing.T) {
	id, secret := leaktest.Must(1, `{{awsID "AKIA"}}`), leaktest.Must(1, `{{awsSecret}}`)
	h := hooked(t, "", nil)
	r := &references{judge: h.live.now, log: slog.New(slog.DiscardHandler)}
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "keys", UID: "u1", ResourceVersion: "7", Annotations: map[string]string{"note": "much"}}
	for name, object := range map[string]any{
		"ConfigMap": &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}},
		"Secret":    &corev1.Secret{ObjectMeta: meta, Data: map[string][]byte{"AWS_ACCESS_KEY_ID": []byte(id), "AWS_SECRET_ACCESS_KEY": []byte(secret)}},
	} {
		kept, err := r.keep(object)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := kept.(*verdict)
		if !ok || len(v.what.Findings) == 0 || v.what.Findings[0].Key != "AWS_ACCESS_KEY_ID" || v.Annotations != nil {
			t.Fatalf("%s: %+v", name, kept)
		}
		text, err := json.Marshal(v.what)
		if all := fmt.Sprintf("%+v %s", *v, text); err != nil || strings.Contains(all, id) || strings.Contains(all, secret) {
			t.Errorf("%s: a value is kept: %s %v", name, all, err)
		}
		if key, err := cache.MetaNamespaceKeyFunc(kept); err != nil || key != "shop/keys" {
			t.Errorf("%s: its key is %q, %v", name, key, err)
		}
		if again, err := r.keep(kept); err != nil || again != kept {
			t.Errorf("%s: looked at again: %v", name, err)
		}
	}
	token := &corev1.Secret{ObjectMeta: meta, Type: corev1.SecretTypeServiceAccountToken, Data: map[string][]byte{"AWS_ACCESS_KEY_ID": []byte(id)}}
	if kept, err := r.keep(token); err != nil || len(kept.(*verdict).what.Findings) > 0 {
		t.Errorf("an account's token: %v %v", kept, err)
	}
	if kept, err := r.keep(cache.DeletedFinalStateUnknown{Key: "shop/keys"}); err != nil || kept.(cache.DeletedFinalStateUnknown).Key != "shop/keys" {
		t.Errorf("a tombstone: %v %v", kept, err)
	}
}
