package admit

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// Images knows what was found in container images, from memory: whoever scans them does
// so beside the requests, and by digest. It is asked with an image as the object names it
// ("registry.example.com/shop/app:1", or with "@sha256:…"); an implementation that knows
// digests alone looks for what stands after the '@', and may remember which digest a tag
// stood for when a node last ran it.
type Images interface {
	// Image gives what was found in an image; known is false where it was not scanned yet.
	Image(name string) (found []ImageFinding, known bool)
}

// ImageFinding is a finding in an image. It holds no value.
type ImageFinding struct {
	Known
	Place leak.Place // an ImageFile or an ImageConfig
}

// UnknownDeny is [Options.UnknownImages] where pods wait for their images to be scanned.
const UnknownDeny = "deny"

// maxImages bounds how many images of an object are asked about.
const maxImages = 1000

// containerLists are the fields of a pod whose elements run an image.
var containerLists = []string{"containers", "initContainers", "ephemeralContainers"}

// images are an object's, with the field that names each.
func images(text []byte, use func(name, field string)) {
	if !bytes.Contains(text, []byte(`"image"`)) {
		return
	}
	n := 0
	rawjson.Walk(text, func(way []rawjson.Step, rest []byte) bool {
		if len(way) == 1 && way[0].Is("metadata") || n == maxImages {
			return false
		}
		if at := len(way) - 1; !way[at].Is("image") || at < 2 || !slices.Contains(containerLists, string(way[at-2].Key)) {
			return true
		}
		if name := rawjson.String(rawjson.Value(rest)); name != "" {
			n++
			use(name, path(way))
		}
		return true
	})
}

// imageFindings are what is known of an object's images. unscanned are those of which
// nothing is.
func (a *Admitter) imageFindings(o *object, via map[*leak.Finding]string) (found []*leak.Finding, unscanned []string) {
	if a.opt.Images == nil || o == nil {
		return nil, nil
	}
	images(o.text, func(name, field string) {
		list, known := a.opt.Images.Image(name)
		if !known && !slices.Contains(unscanned, name) {
			unscanned = append(unscanned, name)
		}
		for _, k := range list {
			f := k.finding(leak.ObjectField{})
			f.Place = k.Place
			via[f] = field
			found = append(found, f)
		}
	})
	return found, unscanned
}

// waits tells whether a pod is to wait for its images: those of a template are asked about
// when its pods come.
func (a *Admitter) waits(r *request) bool {
	return a.opt.UnknownImages == UnknownDeny && r.group == "" && r.kind == "Pod"
}

// waiting is the answer to a pod with an image that was not scanned yet. Who made it tries
// again, as controllers do by themselves.
func (n Answer) waiting(images []string) Answer {
	n.Decision = DecisionDeny
	told := images[:min(len(images), maxTold)]
	message := fmt.Sprintf("oakum has not scanned %s yet, and pods wait for that here (images.unknown: deny). Try again in a moment.", clip(strings.Join(told, ", "), maxAnnotation))
	n.Body = encode(&admissionv1.AdmissionResponse{
		UID: types.UID(n.UID), Result: &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: message,
		},
		AuditAnnotations: map[string]string{AuditDecision: denied.String(), AuditIncomplete: "image"},
	})
	return n
}
