package verify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"
)

// AWS signs with the date, the region and the service. sts.amazonaws.com, the
// global endpoint, is in us-east-1 (STS, "AWS STS Regions and endpoints").
const (
	awsRegion  = "us-east-1"
	awsService = "sts"
)

// signV4 signs a request with AWS Signature Version 4 (IAM User Guide, "Create a
// signed AWS API request"): its method, path, query, headers and body, under a key
// that is made of the secret key, the day, the region and the service.
func signV4(req *http.Request, body string, v values, now time.Time) error {
	secret := ""
	for _, part := range v.parts {
		secret = part
	}
	if v.value == "" || secret == "" {
		return errors.New("no pair to sign with")
	}
	at := now.UTC().Format("20060102T150405Z")
	day := at[:8]
	names, headers := "host;x-amz-date", "host:"+req.URL.Host+"\nx-amz-date:"+at+"\n"
	req.Header.Set("X-Amz-Date", at)
	if v.session != "" {
		names, headers = names+";x-amz-security-token", headers+"x-amz-security-token:"+v.session+"\n"
		req.Header.Set("X-Amz-Security-Token", v.session)
	}
	path := req.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	canonical := strings.Join([]string{req.Method, path, req.URL.RawQuery, headers, names, hexSum(body)}, "\n")
	scope := strings.Join([]string{day, awsRegion, awsService, "aws4_request"}, "/")
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, awsRegion, awsService, "aws4_request"} {
		key = mac(key, part)
	}
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hexSum(canonical)))
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+v.value+"/"+scope+", SignedHeaders="+names+", Signature="+signature)
	return nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
