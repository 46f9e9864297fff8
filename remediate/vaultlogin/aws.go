package vaultlogin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// identityQuestion is the call that Vault makes in our name, signed by us: AWS tells
// it who we are (https://developer.hashicorp.com/vault/docs/auth/aws, "IAM auth method").
const identityQuestion = "Action=GetCallerIdentity&Version=2011-06-15"

// aws signs with whatever identity this process has: a role of a task, an instance, a
// function or a service account, or keys.
func aws(ctx context.Context, l Login) (map[string]any, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("find AWS credentials: %w", err)
	}
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("find AWS credentials: %w", err)
	}
	region, host := "us-east-1", "sts.amazonaws.com"
	if cfg.Region != "" && cfg.Region != region {
		region, host = cfg.Region, "sts."+cfg.Region+".amazonaws.com"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/", strings.NewReader(identityQuestion))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if l.ServerID != "" {
		req.Header.Set("X-Vault-AWS-IAM-Server-ID", l.ServerID)
	}
	sum := sha256.Sum256([]byte(identityQuestion))
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "sts", region, time.Now()); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req.Header.Set("Host", host)
	headers, err := json.Marshal(req.Header)
	if err != nil {
		return nil, err
	}
	b64 := base64.StdEncoding.EncodeToString
	return map[string]any{
		"role": l.Role, "iam_http_request_method": req.Method, "iam_request_url": b64([]byte(req.URL.String())),
		"iam_request_body": b64([]byte(identityQuestion)), "iam_request_headers": b64(headers),
	}, nil
}
