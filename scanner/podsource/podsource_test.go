package podsource_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/podsource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

func manifest(name, text string) podsource.Manifest {
	return podsource.Manifest{Name: name, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
}

func scan(t testing.TB, src scanner.Source) (found []*leak.Finding, gaps []*leak.Gap) {
	t.Helper()
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			podsource.Settle(e.Finding)
			found = append(found, e.Finding)
		case e.Gap != nil:
			gaps = append(gaps, e.Gap)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found, gaps
}

// told is where each finding stands.
func told(found []*leak.Finding) (out []string) {
	for _, f := range found {
		out = append(out, f.Rule+" "+f.Place.String())
	}
	return out
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const pod = `# a comment
apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: shop
  annotations:
    note: "token {{github "ghp_"}}"
spec:
  initContainers:
  - name: init
    command: [sh, -c, "curl -H 'Authorization: Bearer {{alnum 40}}' https://x"]
  containers:
  - name: app
    image: app:1
    args: ["--user", "x", "--password={{alnum 24}}"]
    env:
    - name: AWS_ACCESS_KEY_ID
      value: {{awsID "AKIA"}}
    - name: AWS_SECRET_ACCESS_KEY
      value: "{{awsSecret}}"
    - {name: DB_PASSWORD, value: '{{alnum 24}}'}
    - name: API_TOKEN
      valueFrom:
        secretKeyRef: {name: app-secrets-production-v2, key: api_token}
    - name: PASSWORD_FILE
      value: /run/secrets/password
    livenessProbe:
      httpGet:
        httpHeaders:
        - {name: X-Api-Key, value: {{alnum 32}}}
    lifecycle:
      postStart:
        exec:
          command:
          - /bin/sh
          - -c
          - |
            set -e
            export SLACK={{slackBot}}
---
apiVersion: example.com/v1alpha1
kind: Widget
metadata: {name: w}
spec:
  connection: "postgres://app:{{alnum 16}}@db.internal/app"
`

var podWants = []string{
	`github-pat pods.yaml: v1/Pod shop/app metadata.annotations.note`,
	`http-bearer-authorization pods.yaml: v1/Pod shop/app spec.initContainers[0].command[2]`,
	`generic-secret pods.yaml: v1/Pod shop/app spec.containers[0].args[2]`,
	`aws-access-key-id pods.yaml: v1/Pod shop/app spec.containers[0].env[0].value`,
	`generic-secret pods.yaml: v1/Pod shop/app spec.containers[0].env[2].value`,
	`generic-secret pods.yaml: v1/Pod shop/app spec.containers[0].livenessProbe.httpGet.httpHeaders[0].value`,
	`slack-bot-token pods.yaml: v1/Pod shop/app spec.containers[0].lifecycle.postStart.exec.command[2]`,
	`postgres-url-password pods.yaml: example.com/v1alpha1/Widget w spec.connection`,
}

func TestFieldsOfAnyKind(t *testing.T) {
	text := leaktest.Must(1, pod)
	lines := strings.Split(text, "\n")
	found, gaps := scan(t, podsource.New(manifest("pods.yaml", text)))
	if got := told(found); !slices.Equal(sorted(got), sorted(podWants)) || len(gaps) > 0 {
		t.Errorf("found\n%s\nwant\n%s\ngaps %v", strings.Join(sorted(got), "\n"), strings.Join(sorted(podWants), "\n"), gaps)
	}
	for _, f := range found {
		stands := f.Secret.Reveal(func(value []byte) error {
			line := lines[f.Line-1]
			if f.Column > 0 {
				line = line[f.Column-1:]
			}
			if at := strings.Index(line, string(value)); at < 0 || at > 0 && f.Column > 0 {
				return fmt.Errorf("it is not at %d:%d", f.Line, f.Column)
			}
			return nil
		})
		if stands != nil {
			t.Errorf("%s: %v", f.Place, stands)
		}
	}
	paired := 0
	for _, f := range found {
		if f.Rule == "aws-access-key-id" {
			paired = len(f.Parts)
			if len(f.Parts) == 1 && (f.Parts[0].Line != 21 || f.Parts[0].Column != 15) {
				t.Errorf("the secret stands at %d:%d", f.Parts[0].Line, f.Parts[0].Column)
			}
		}
	}
	if paired != 1 {
		t.Errorf("the key id has %d parts: its secret is in the next variable", paired)
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// What is packed in a field is found at the field, whatever it is packed in.
func TestPackedFields(t *testing.T) {
	token := func(seed uint64) string { return leaktest.Must(seed, `{{github "ghp_"}}`) }
	applied, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}, "data": map[string]any{"a": b64(token(5))}})
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{
		"apiVersion": "v1", "kind": "List", "items": []any{
			map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s", "annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": string(applied)}},
				"data": map[string]any{"token": b64(token(1)), "aws": b64(leaktest.Must(2, `{{awsID "AKIA"}}`)), "app.env": b64("A=1\nTOKEN=" + token(3) + "\n")}, "stringData": map[string]any{"plain": token(4)}},
			map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c"},
				"data": map[string]any{"config.json": `{"a": 1, "password": "` + leaktest.Must(6, `{{alnum 24}}`) + `"}`, "x": "none"}, "binaryData": map[string]any{"k": b64(token(7))}},
			map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "metadata": map[string]any{"name": "sh.helm.release.v1.app.v1"},
				"data": map[string]any{"release": b64(release(t, token(8), token(9)))}},
			map[string]any{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": map[string]any{"name": "sealed"},
				"spec": map[string]any{"encryptedData": map[string]any{"password": "Ag" + leaktest.Must(10, `{{base64 200}}`)}}},
		},
	}
	text, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`github-pat v1/Secret s data.token`, `github-pat v1/Secret s data["app.env"]`, `github-pat v1/Secret s stringData.plain`,
		`github-pat v1/Secret s metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"].data.a`,
		`aws-access-key-id v1/Secret s data.aws`, `generic-secret v1/ConfigMap c data["config.json"]`, `github-pat v1/ConfigMap c binaryData.k`,
		`github-pat v1/Secret sh.helm.release.v1.app.v1 data.release.config.token`, `github-pat v1/Secret sh.helm.release.v1.app.v1 data.release.manifest.data.key`,
	}
	found, gaps := scan(t, podsource.New(manifest("", string(text))))
	var got []string
	for _, f := range found {
		got = append(got, f.Rule+" "+f.Place.String())
		if f.Rule == "aws-access-key-id" && !strings.HasPrefix(f.Notes[len(f.Notes)-1], "static identity") {
			t.Errorf("notes %q do not say that the key is a static identity", f.Notes)
		}
	}
	if !slices.Equal(sorted(got), sorted(want)) || len(gaps) > 0 {
		t.Errorf("found\n%s\nwant\n%s\ngaps %v", strings.Join(sorted(got), "\n"), strings.Join(sorted(want), "\n"), gaps)
	}
}

// release is what Helm keeps of one, base64 once: a Secret's own comes on top.
func release(t *testing.T, value, key string) string {
	t.Helper()
	doc, err := json.Marshal(map[string]any{
		"name": "app", "config": map[string]any{"token": value},
		"manifest": "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  key: " + b64(key) + "\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(doc); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// One broken document hides neither itself nor the others.
func TestBrokenDocuments(t *testing.T) {
	text := leaktest.Must(3, "a: {{github \"ghp_\"}}\n---\nspec: {{`{{ .Values.x }}`}}\n  token: {{github \"ghp_\"}}\n - x\n---\nb: {{github \"ghp_\"}}\n")
	found, _ := scan(t, podsource.New(manifest("x.yaml", text)))
	lines := []int{}
	for _, f := range found {
		lines = append(lines, f.Line)
	}
	if !slices.Equal(lines, []int{1, 4, 7}) {
		t.Errorf("found in lines %v: %q", lines, told(found))
	}
	if len(found) == 3 && (found[1].Column != 10 || !strings.Contains(strings.Join(found[1].Notes, " "), "no valid YAML")) {
		t.Errorf("the broken one is at column %d with notes %q", found[1].Column, found[1].Notes)
	}
}

// Aliases are followed, but not for ever.
func TestAliases(t *testing.T) {
	text := leaktest.Must(4, "base: &b\n  token: {{github \"ghp_\"}}\nother:\n  <<: *b\n")
	if found, _ := scan(t, podsource.New(manifest("x.yaml", text))); len(found) == 0 || found[0].Seen != 1 {
		t.Errorf("found %q", told(found))
	}
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	found, gaps := scan(t, podsource.New(manifest("bomb.yaml", bomb+leaktest.Must(5, "t: {{github \"ghp_\"}}\n"))))
	if len(found) != 1 {
		t.Errorf("found %q, gaps %v", told(found), gaps)
	}
}

func TestConformance(t *testing.T) {
	text := leaktest.Must(1, pod)
	sourcetest.Run(t, builtin.Set(), 3, func(*testing.T) scanner.Source { return podsource.New(manifest("pods.yaml", text)) })
}

func TestUnreadableIsAGap(t *testing.T) {
	_, gaps := scan(t, podsource.New(podsource.Manifest{Name: "gone.yaml", Open: func(context.Context) (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }}))
	if len(gaps) != 1 || gaps[0].Place.String() != "gone.yaml" {
		t.Errorf("gaps %v", gaps)
	}
}

// FuzzObject: whatever an API server, or somebody else, sends. A reader that has read
// others before tells the same of it.
func FuzzObject(f *testing.F) {
	f.Add([]byte(leaktest.Must(1, pod)))
	f.Add([]byte(`{"kind":"List","items":[{"data":{"a":"eA=="}},[1,2,{"name":"x","value":"y"}],null]}`))
	f.Add([]byte(`{"kind":"Secret","data":{"a":"e30="},"metadata":{"annotations":{"` + lastApplied + `":"{\"kind\":\"Secret\",\"data\":{\"b\":\"eA==\"}}","c":"\u00e9\n\ud83d é"}}}`))
	var reader podsource.Reader
	f.Fuzz(func(t *testing.T, text []byte) {
		var want, got []string
		podsource.Object(text, func(b scanner.Blob, err error) bool {
			want = append(want, written(t, b))
			return true
		})
		err := reader.JSON(text, podsource.Limits{}, func(b scanner.Blob, err error) bool {
			got = append(got, written(t, b))
			return true
		})
		if err == nil && bytes.ContainsAny(bytes.TrimSpace(text)[:1], "{[") && !slices.Equal(got, want) {
			t.Errorf("the reader yields %q, not %q", got, want)
		}
	})
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// written is all that a blob says of itself.
func written(t *testing.T, b scanner.Blob) string {
	r, err := b.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil || int64(len(text)) != b.Size {
		t.Errorf("%d bytes of %d, %v", len(text), b.Size, err)
	}
	s := fmt.Sprintf("%v %q %q", b.Place, b.Paths, text)
	if b.Part == nil {
		return s
	}
	for at := int64(0); at <= b.Size; at += 7 {
		p := b.Part(at)
		if p.Place == nil || p.Begin < 0 {
			t.Errorf("offset %d is in %+v", at, p)
		}
		s += fmt.Sprintf("\n%v %d", p.Place, p.Begin)
	}
	return s
}

// etcdLimit is how large an object may be (--max-request-bytes of etcd).
const etcdLimit = 1_500_000

// BenchmarkObject is an object as large as etcd takes, from the wire to the verdict, as a
// webhook looks at it: 20 ms are what it may take.
func BenchmarkObject(b *testing.B) {
	filled := func(head, tail string, item func(i int) string) []byte {
		var text strings.Builder
		text.WriteString(head)
		for i := 0; text.Len() < etcdLimit; i++ {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(item(i))
		}
		return []byte(text.String() + tail)
	}
	words := func(i int) string {
		return fmt.Sprintf("some value of the %dth setting, with a few words more in it to be long enough", i)
	}
	head := `{"apiVersion":"v1","metadata":{"name":"big"},`
	for name, text := range map[string][]byte{
		"ConfigMap": filled(head+`"kind":"ConfigMap","data":{`, "}}", func(i int) string { return fmt.Sprintf(`"key-%d": %q`, i, words(i)) }),
		"Secret":    filled(head+`"kind":"Secret","data":{`, "}}", func(i int) string { return fmt.Sprintf(`"key-%d": %q`, i, b64(words(i))) }),
		"Pod": filled(head+`"kind":"Pod","spec":{"containers":[`, "]}}", func(i int) string {
			return fmt.Sprintf(`{"name":"c%d","args":["--listen=:80","--level","info"],"env":[{"name":"SETTING_%d","value":%q},{"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}`, i, i, words(i))
		}),
	} {
		b.Run(name, func(b *testing.B) {
			single := scanner.New(builtin.Set(), scanner.Options{}).Single()
			var reader podsource.Reader
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				err := reader.JSON(text, podsource.Limits{}, func(blob scanner.Blob, err error) bool {
					if err == nil {
						err = single.Scan(b.Context(), blob, func(scanner.Event) error { return nil })
					}
					if err != nil {
						b.Error(err)
					}
					return true
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
