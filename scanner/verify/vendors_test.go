package verify_test

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// reply is what a vendor's documentation says that its server answers.
type reply struct {
	status int
	body   string
	state  leak.Liveness
	reason string // begins so
}

// vendor is a check and the server written from the vendor's page, which the rule
// names (verify.doc).
type vendor struct {
	rule     string
	text     string // a template in which %s is value
	value    string // a template
	request  string // method and address that the server expects; %s is the value
	auth     func(r *http.Request, value string) bool
	identity string // of the first reply
	replies  []reply
}

func bearer(r *http.Request, v string) bool { return r.Header.Get("Authorization") == "Bearer "+v }

func header(name, before string) func(*http.Request, string) bool {
	return func(r *http.Request, v string) bool { return r.Header.Get(name) == before+v }
}

func basic(user string) func(*http.Request, string) bool {
	return func(r *http.Request, v string) bool {
		return r.Header.Get("Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte(user+v))
	}
}

const (
	bad       = `{"message": "Unauthorized"}`
	forbidden = "it may not do what was asked"
	elsewhere = " does not know it; it may be another "
)

// sid is the account that stands beside Twilio's token.
const sid = "AC" + "0123456789abcdef" + "fedcba9876543210"

var vendors = []vendor{
	{"github-pat", "TOKEN=%s", `{{github "ghp_"}}`, "GET /user", bearer, "login octocat", []reply{
		{200, `{"login": "octocat", "id": 1, "name": null}`, leak.Valid, ""},
		{401, `{"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}`, leak.Invalid, ""}}},
	{"github-fine-grained-pat", "TOKEN=%s", `{{githubPAT}}`, "GET /user", bearer, "login octocat", []reply{
		{200, `{"login": "octocat"}`, leak.Valid, ""}, {401, bad, leak.Invalid, ""}}},
	{"github-app-installation-token", "TOKEN=%s", `{{github "ghs_"}}`, "GET /installation/repositories?per_page=1", bearer, "full_name octocat/Hello-World", []reply{
		{200, `{"total_count": 1, "repositories": [{"id": 1, "full_name": "octocat/Hello-World"}]}`, leak.Valid, ""}, {401, bad, leak.Invalid, ""}}},
	{"gitlab-pat", "TOKEN=%s", `{{gitlab "glpat-"}}`, "GET /api/v4/personal_access_tokens/self", header("Private-Token", ""), "name deploy", []reply{
		{200, `{"id": 4, "name": "deploy", "revoked": false, "active": true, "user_id": 3}`, leak.Valid, ""},
		{200, `{"id": 4, "name": "deploy", "revoked": true, "active": false}`, leak.Invalid, "revoked"},
		{401, `{"error": "invalid_token", "error_description": "Token was revoked. You have to re-authorize from the user."}`, leak.Invalid, "revoked"},
		{401, `{"error": "invalid_token", "error_description": "Token is expired. You can either do re-authorization or token refresh."}`, leak.Invalid, "expired"},
		{401, `{"message": "401 Unauthorized"}`, leak.Unknown, "gitlab.com" + elsewhere}}},
	{"slack-bot-token", "TOKEN=%s", `{{slackBot}}`, "POST /api/auth.test", bearer, "team Subarachnoid Workspace", []reply{
		{200, `{"ok": true, "url": "https://subarachnoid.slack.com/", "team": "Subarachnoid Workspace", "user": "bot"}`, leak.Valid, ""},
		{200, `{"ok": false, "error": "invalid_auth"}`, leak.Invalid, ""}, {200, `{"ok": false, "error": "token_revoked"}`, leak.Invalid, "revoked"},
		{200, `{"ok": false, "error": "account_inactive"}`, leak.Invalid, "revoked"}, {200, `{"ok": false, "error": "token_expired"}`, leak.Invalid, "expired"},
		{200, `{"ok": false, "error": "ratelimited"}`, leak.Unknown, "rate limited"}, {200, `{"ok": false, "error": "fatal_error"}`, leak.Unknown, "it answered 200"}}},
	{"stripe-live-secret-key", "KEY=%s", `{{stripe "sk_live_"}}`, "GET /v1/balance", bearer, "", []reply{
		{200, `{"object": "balance"}`, leak.Valid, ""}, {401, `{"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}`, leak.Invalid, ""},
		{401, `{"error": {"code": "api_key_expired", "type": "invalid_request_error"}}`, leak.Invalid, "expired"}, {403, `{"error": {}}`, leak.Valid, forbidden}}},
	{"openai-api-key", "KEY=%s", `{{openai "sk-proj-"}}`, "GET /v1/models", bearer, "", []reply{
		{200, `{"object": "list", "data": []}`, leak.Valid, ""}, {401, `{"error": {"code": "invalid_api_key"}}`, leak.Invalid, ""},
		{429, `{"error": {"code": "insufficient_quota"}}`, leak.Valid, "its account has no credit"}, {429, `{"error": {"code": "rate_limit_exceeded"}}`, leak.Unknown, "rate limited"}}},
	{"anthropic-api-key", "KEY=%s", `{{anthropic "api03"}}`, "GET /v1/models?limit=1", header("X-Api-Key", ""), "", []reply{
		{200, `{"data": []}`, leak.Valid, ""}, {401, `{"type": "error", "error": {"type": "authentication_error"}}`, leak.Invalid, ""},
		{403, `{"type": "error", "error": {"type": "permission_error"}}`, leak.Valid, forbidden}, {529, `{"type": "error", "error": {"type": "overloaded_error"}}`, leak.Unknown, "it answered 529"}}},
	{"google-api-key", "KEY=%s", `{{google}}`, "GET /v1beta/models?pageSize=1", header("X-Goog-Api-Key", ""), "", []reply{
		{200, `{"models": []}`, leak.Valid, ""},
		{400, `{"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}}`, leak.Invalid, ""},
		{403, `{"error": {"code": 403, "details": [{"reason": "API_KEY_SERVICE_BLOCKED"}]}}`, leak.Valid, "restricted"}, {400, `{"error": {"code": 400}}`, leak.Unknown, "it answered 400"}}},
	{"npm-token", "TOKEN=%s", `{{npm}}`, "GET /-/whoami", bearer, "username alice", []reply{{200, `{"username": "alice"}`, leak.Valid, ""}, {401, `{}`, leak.Invalid, ""}}},
	{"sendgrid-api-key", "KEY=%s", `{{sendgrid}}`, "GET /v3/scopes", bearer, "", []reply{
		{200, `{"scopes": ["mail.send"]}`, leak.Valid, ""}, {401, `{"errors": [{"message": "authorization required"}]}`, leak.Invalid, ""}, {403, `{"errors": []}`, leak.Valid, forbidden}}},
	{"mailgun-api-key", "MAILGUN_API_KEY=%s", `key-{{hex 32}}`, "GET /v4/domains?limit=1", basic("api:"), "", []reply{{200, `{"items": []}`, leak.Valid, ""}, {401, `Forbidden`, leak.Invalid, ""}}},
	{"twilio-auth-token", "TWILIO_ACCOUNT_SID=" + sid + "\nTWILIO_AUTH_TOKEN=%s", `{{hex 32}}`, "GET /2010-04-01/Accounts/" + sid + ".json", basic(sid + ":"), "friendly_name Acme", []reply{
		{200, `{"friendly_name": "Acme", "status": "active"}`, leak.Valid, ""}, {401, `{"code": 20003, "message": "Authenticate"}`, leak.Invalid, ""}}},
	{"digitalocean-pat", "TOKEN=%s", `dop_v1_{{hex 64}}`, "GET /v2/account", bearer, "email sammy@example.com", []reply{
		{200, `{"account": {"email": "sammy@example.com"}}`, leak.Valid, ""}, {401, `{"id": "Unauthorized", "message": "Unable to authenticate you"}`, leak.Invalid, ""}, {403, `{"id": "Forbidden"}`, leak.Valid, forbidden}}},
	{"heroku-api-key", "KEY=%s", `HRKU-AA{{base64url 58}}`, "GET /account", bearer, "email user@example.com", []reply{
		{200, `{"email": "user@example.com"}`, leak.Valid, ""}, {401, `{"id": "unauthorized"}`, leak.Invalid, ""}, {403, `{"id": "forbidden"}`, leak.Valid, forbidden}}},
	{"huggingface-token", "TOKEN=%s", `hf_{{letters 34}}`, "GET /api/whoami-v2", bearer, "name alice", []reply{
		{200, `{"type": "user", "name": "alice"}`, leak.Valid, ""}, {401, `{"error": "Invalid credentials in Authorization header"}`, leak.Invalid, ""}}},
	{"cloudflare-api-token", "TOKEN=%s", `{{cloudflare "cfut_"}}`, "GET /client/v4/user/tokens/verify", bearer, "id ed17574386854bf78a67040be0a770b0", []reply{
		{200, `{"success": true, "result": {"id": "ed17574386854bf78a67040be0a770b0", "status": "active"}}`, leak.Valid, ""},
		{200, `{"success": true, "result": {"status": "disabled"}}`, leak.Invalid, "revoked"}, {200, `{"success": true, "result": {"status": "expired"}}`, leak.Invalid, "expired"},
		{401, `{"success": false, "errors": [{"code": 1000, "message": "Invalid API Token"}]}`, leak.Invalid, ""}}},
	{"datadog-api-key", "DD_API_KEY=%s", `{{hex 32}}`, "GET /api/v1/validate", header("Dd-Api-Key", ""), "", []reply{
		{200, `{"valid": true}`, leak.Valid, ""}, {403, `{"errors": ["Forbidden"]}`, leak.Unknown, "the site datadoghq.com" + elsewhere}}},
	{"discord-bot-token", "TOKEN=%s", `{{discord}}`, "GET /api/v10/users/@me", header("Authorization", "Bot "), "username nelly", []reply{
		{200, `{"id": "80351110224678912", "username": "nelly"}`, leak.Valid, ""}, {401, `{"message": "401: Unauthorized", "code": 0}`, leak.Invalid, ""}}},
	{"telegram-bot-token", "TOKEN=%s", `{{telegram}}`, "GET /bot%s/getMe", nil, "username acme_bot", []reply{
		{200, `{"ok": true, "result": {"id": 1, "is_bot": true, "username": "acme_bot"}}`, leak.Valid, ""}, {401, `{"ok": false, "error_code": 401, "description": "Unauthorized"}`, leak.Invalid, ""}}},
	{"postman-api-key", "KEY=%s", `{{postman}}`, "GET /me", header("X-Api-Key", ""), "username alice", []reply{
		{200, `{"user": {"username": "alice"}}`, leak.Valid, ""}, {401, `{"error": {"name": "AuthenticationError"}}`, leak.Invalid, ""}}},
	{"notion-token", "TOKEN=%s", `ntn_{{digits 11}}{{alnum 35}}`, "GET /v1/users/me", bearer, "name Doug Engelbot", []reply{
		{200, `{"object": "user", "name": "Doug Engelbot", "type": "bot"}`, leak.Valid, ""}, {401, `{"object": "error", "code": "unauthorized"}`, leak.Invalid, ""}}},
	{"linear-api-key", "KEY=%s", `lin_api_{{alnum 40}}`, "POST /graphql", header("Authorization", ""), "name Alice", []reply{
		{200, `{"data": {"viewer": {"id": "1", "name": "Alice"}}}`, leak.Valid, ""}, {400, `{"errors": [{"extensions": {"code": "AUTHENTICATION_ERROR"}}]}`, leak.Invalid, ""}}},
	{"sentry-user-token", "TOKEN=%s", `sntryu_{{hex 64}}`, "GET /api/0/organizations/", bearer, "slug the-interstellar-jurisdiction", []reply{
		{200, `[{"slug": "the-interstellar-jurisdiction"}]`, leak.Valid, ""}, {401, `{"detail": "Invalid token"}`, leak.Unknown, "sentry.io" + elsewhere}, {403, `{}`, leak.Valid, forbidden}}},
	{"figma-token", "TOKEN=%s", `figd_{{base64url 40}}`, "GET /v1/me", header("X-Figma-Token", ""), "handle alice", []reply{
		{200, `{"id": "1", "handle": "alice", "email": "a@example.com"}`, leak.Valid, ""}, {403, `{"status": 403, "err": "Invalid token"}`, leak.Invalid, ""}, {403, `{"status": 403, "err": "Token expired"}`, leak.Invalid, "expired"}}},
	{"airtable-pat", "TOKEN=%s", `pat{{alnum 14}}.{{hex 64}}`, "GET /v0/meta/whoami", bearer, "id usrL2PNC5o3H4lBEi", []reply{
		{200, `{"id": "usrL2PNC5o3H4lBEi"}`, leak.Valid, ""}, {401, `{"error": {"type": "AUTHENTICATION_REQUIRED"}}`, leak.Invalid, ""}}},
	{"dropbox-access-token", "TOKEN=%s", `sl.{{base64url 140}}`, "POST /2/users/get_current_account", bearer, "email franz@example.com", []reply{
		{200, `{"account_id": "dbid:1", "email": "franz@example.com"}`, leak.Valid, ""}, {401, `{"error": {".tag": "invalid_access_token"}}`, leak.Invalid, ""}}},
	{"pagerduty-api-key", "PAGERDUTY_API_KEY=%s", `u+{{base64url 18}}`, "GET /abilities", header("Authorization", "Token token="), "", []reply{
		{200, `{"abilities": ["teams"]}`, leak.Valid, ""}, {401, `{"error": {"code": 2006}}`, leak.Invalid, ""}}},
	{"vercel-token", "TOKEN=%s", `{{vercel "vcp_"}}`, "GET /v2/user", bearer, "username jsmith", []reply{
		{200, `{"user": {"username": "jsmith"}}`, leak.Valid, ""}, {403, `{"error": {"code": "forbidden", "message": "Not authorized", "invalidToken": true}}`, leak.Invalid, ""}}},
	{"pulumi-access-token", "TOKEN=%s", `pul-{{hex 40}}`, "GET /api/user", header("Authorization", "token "), "githubLogin alice", []reply{
		{200, `{"githubLogin": "alice"}`, leak.Valid, ""}, {401, `{"code": 401, "message": "Unauthorized"}`, leak.Invalid, ""}}},
	{"asana-pat", "ASANA_ACCESS_TOKEN=%s", `2/{{digits 16}}/{{digits 16}}:{{hex 32}}`, "GET /api/1.0/users/me", bearer, "name Greg Sanchez", []reply{
		{200, `{"data": {"gid": "12345", "name": "Greg Sanchez"}}`, leak.Valid, ""}, {401, `{"errors": [{"message": "Not Authorized"}]}`, leak.Invalid, ""}}},
	{"hubspot-private-app-token", "HUBSPOT_TOKEN=%s", `pat-na1-{{uuid}}`, "GET /account-info/v3/details", bearer, "portalId 1234567", []reply{
		{200, `{"portalId": 1234567}`, leak.Valid, ""}, {401, `{"status": "error", "category": "EXPIRED_AUTHENTICATION"}`, leak.Invalid, "expired"},
		{401, `{"status": "error", "category": "INVALID_AUTHENTICATION"}`, leak.Invalid, ""}, {403, `{"category": "MISSING_SCOPES"}`, leak.Valid, forbidden}}},
	{"netlify-token", "NETLIFY_AUTH_TOKEN=%s", `nfp_{{alnum 36}}`, "GET /api/v1/user", bearer, "email user@example.com", []reply{
		{200, `{"email": "user@example.com"}`, leak.Valid, ""}, {401, `{"code": 401, "message": "Access Denied"}`, leak.Invalid, ""}}},
	{"circleci-personal-token", "CIRCLE_TOKEN=%s", `CCIPAT_{{alnum 22}}_{{hex 40}}`, "GET /api/v2/me", header("Circle-Token", ""), "login zomg", []reply{
		{200, `{"login": "zomg", "name": "Z", "id": "1"}`, leak.Valid, ""}, {401, `{"message": "You must log in first."}`, leak.Invalid, ""}}},
	{"square-access-token", "SQUARE_ACCESS_TOKEN=%s", `EAAAE{{base64url 59}}`, "GET /v2/merchants/me", bearer, "business_name Acme", []reply{
		{200, `{"merchant": {"business_name": "Acme"}}`, leak.Valid, ""}, {401, `{"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}`, leak.Invalid, ""},
		{401, `{"errors": [{"code": "ACCESS_TOKEN_EXPIRED"}]}`, leak.Invalid, "expired"}, {401, `{"errors": [{"code": "ACCESS_TOKEN_REVOKED"}]}`, leak.Invalid, "revoked"}}},
	{"buildkite-api-token", "BUILDKITE_API_TOKEN=%s", `bkua_{{hex 40}}`, "GET /v2/access-token", bearer, "uuid b63254c0-3271-4a98-8270-7cfbd6c2f14e", []reply{
		{200, `{"uuid": "b63254c0-3271-4a98-8270-7cfbd6c2f14e", "scopes": ["read_build"]}`, leak.Valid, ""}, {401, `{"message": "Authentication required."}`, leak.Invalid, ""}}},
	{"groq-api-key", "GROQ_API_KEY=%s", `gsk_{{alnum 52}}`, "GET /openai/v1/models", bearer, "", []reply{
		{200, `{"object": "list", "data": []}`, leak.Valid, ""}, {401, `{"error": {"code": "invalid_api_key"}}`, leak.Invalid, ""}}},
	{"replicate-token", "REPLICATE_API_TOKEN=%s", `r8_{{alnum 37}}`, "GET /v1/account", bearer, "username acme", []reply{
		{200, `{"type": "organization", "username": "acme"}`, leak.Valid, ""}, {401, `{"title": "Unauthenticated", "status": 401}`, leak.Invalid, ""}}},
	{"openrouter-api-key", "OPENROUTER_API_KEY=%s", `sk-or-v1-{{hex 64}}`, "GET /api/v1/key", bearer, "", []reply{
		{200, `{"data": {"label": "key"}}`, leak.Valid, ""}, {401, `{"error": {"code": 401, "message": "User not found."}}`, leak.Invalid, ""}}},
}

// signed is AWS's, whose request is signed: aws_test.go looks at it.
func signed(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=A")
}
