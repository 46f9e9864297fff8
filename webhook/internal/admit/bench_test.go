package admit_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// pod is a Pod of about size bytes, of variables as there are in clusters: names,
// addresses, numbers, references. It carries extra among them.
func pod(size int, extra string) string {
	var b strings.Builder
	b.WriteString(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"app","namespace":"shop","labels":{"app":"shop"}},"spec":{"serviceAccountName":"shop","containers":[`)
	for c := 0; c == 0 || b.Len() < size; c++ {
		if c > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"c%d","image":"registry.example.com/shop/app:1.%d","args":["--port=8080","--log-level=info"],"env":[%s`, c, c, extra)
		extra = ""
		for i := 0; i < 400 && (i == 0 || b.Len() < size); i++ {
			if i > 0 || strings.HasSuffix(b.String()[b.Len()-1:], "}") {
				b.WriteByte(',')
			}
			switch i % 4 {
			case 0:
				fmt.Fprintf(&b, `{"name":"SERVICE_%d_URL","value":"https://service-%d.shop.svc.cluster.local:8443/api/v1"}`, i, i)
			case 1:
				fmt.Fprintf(&b, `{"name":"FEATURE_%d_ENABLED","value":"true"}`, i)
			case 2:
				fmt.Fprintf(&b, `{"name":"DB_%d_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db-%d","key":"password"}}}`, i, i)
			default:
				fmt.Fprintf(&b, `{"name":"BUILD_%d","value":"%08x-4b3c-4d2e-9f1a-%012x"}`, i, i*2654435761, i*40503)
			}
		}
		b.WriteString("]}")
	}
	b.WriteString("]}}")
	return b.String()
}

func review(operation, object, old string) []byte {
	if old == "" {
		old = "null"
	}
	return []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","kind":{"group":"","version":"v1","kind":"Pod"},` +
		`"resource":{"group":"","version":"v1","resource":"pods"},"name":"app","namespace":"shop","operation":"` + operation + `","userInfo":{"username":"jane","groups":["dev"]},` +
		`"object":` + object + `,"oldObject":` + old + `,"dryRun":false,"options":null}}`)
}

func awsEnv(seed uint64) string {
	return leaktest.Must(seed, `{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "AKIA"}}"},{"name":"AWS_SECRET_ACCESS_KEY","value":"{{awsSecret}}"}`)
}

var sizes = []int{4 << 10, 64 << 10, 390_000, 1_500_000}

// A review is looked at where it lies: what is allocated for it is less than it has bytes
// itself, or a server's memory would be that of its garbage.
func TestReviewAllocatesLittle(t *testing.T) {
	a := admitter(t, func(o *admit.Options) { o.References = &cache{} })
	for _, size := range sizes {
		body := review("CREATE", pod(size, ""), "")
		look := func(times int) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range times {
				if got := a.Review(t.Context(), body); got.Err != nil || got.Decision != admit.DecisionAllow {
					t.Fatalf("%+v", got)
				}
			}
			runtime.ReadMemStats(&after)
			return (after.TotalAlloc - before.TotalAlloc) / uint64(times)
		}
		look(2) // buffers grow
		least := look(2)
		for range 9 { // the collector may take what the rules' workers keep
			least = min(least, look(2))
		}
		if most := uint64(8<<10 + len(body)/4); least > most {
			t.Errorf("%d bytes are allocated for a review of %d", least, len(body))
		}
	}
}

func BenchmarkReview(b *testing.B) {
	a := admitter(b, func(o *admit.Options) { o.References = &cache{} })
	for _, size := range sizes {
		for _, kind := range []string{"create", "update", "scaled", "denied"} {
			object, old, operation := pod(size, ""), "", "CREATE"
			switch kind {
			case "denied":
				object = pod(size, awsEnv(1))
			case "update": // the review is as large as the object was
				object = pod(size/2, "")
				old, operation = strings.Replace(object, "--port=8080", "--port=8081", 1), "UPDATE"
			case "scaled":
				object = pod(size/2, "")
				old, operation = object, "UPDATE"
			}
			body := review(operation, object, old)
			b.Run(fmt.Sprintf("%s/%dkB", kind, len(body)>>10), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if got := a.Review(b.Context(), body); got.Err != nil {
						b.Fatal(got.Err)
					}
				}
			})
		}
	}
}
