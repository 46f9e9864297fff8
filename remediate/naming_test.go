package remediate

import (
	"testing"

	"github.com/oakum-sec/oakum/remediate/locate"
	"github.com/oakum-sec/oakum/remediate/store"
)

func TestNaming(t *testing.T) {
	for _, c := range []struct{ key, rule, env, service, field string }{
		{"DB_PASSWORD", "generic-secret", "DB_PASSWORD", "db", "password"},
		{"database.password", "generic-secret", "DATABASE_PASSWORD", "database", "password"},
		{"services.db.environment.MARIADB_ROOT_PASSWORD", "generic-secret", "MARIADB_ROOT_PASSWORD", "mariadb", "root_password"},
		{"jobs.deploy.env.AWS_ACCESS_KEY_ID", "aws-access-key-id", "AWS_ACCESS_KEY_ID", "aws", "access_key_id"},
		{"spec.containers[0].env[2].value", "stripe-live-secret-key", "CONTAINERS_ENV", "containers-env", "value"},
		{"dbPassword", "generic-secret", "DB_PASSWORD", "db", "password"},
		{"HTTPAuthToken", "x", "HTTP_AUTH_TOKEN", "http", "auth_token"},
		{"", "github-pat", "GITHUB_PAT", "github", "pat"},
		{"value", "slack-bot-token", "SLACK_BOT_TOKEN", "slack-bot", "token"},
		{"password", "generic-secret", "PASSWORD", "app", "password"},
		{"9LIVES_TOKEN", "x", "SECRET_9LIVES_TOKEN", "app", "secret_9lives_token"},
	} {
		env := envName(c.key, c.rule)
		service, field := serviceOf(env)
		if env != c.env || service != c.service || field != c.field {
			t.Errorf("%q of %s: %s, %s, %s", c.key, c.rule, env, service, field)
		}
	}
}

func TestStages(t *testing.T) {
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{"config/production.env"}, "prod"}, {[]string{"deploy/staging/app.yml", "stage.env"}, "staging"},
		{[]string{"prod.env", "dev.env"}, ""}, {[]string{"prod.env", "app.env"}, ""}, {[]string{"products.json"}, ""}, {nil, ""},
	} {
		if got := stageOf(c.files); got != c.want {
			t.Errorf("%q: %q", c.files, got)
		}
	}
}

// Names keep to what their store takes.
func TestStoreNames(t *testing.T) {
	for _, c := range []struct {
		names store.Names
		want  string
	}{
		{store.Names{Pattern: `[A-Za-z0-9/_+=.@-]+`, Join: "/"}, "my-shop/prod/db/root_password"},
		{store.Names{Pattern: `/[A-Za-z0-9/_.-]+`, Join: "/", Lead: "/"}, "/my-shop/prod/db/root_password"},
		{store.Names{Pattern: `[A-Za-z0-9-]+`, Join: "-"}, "my-shop-prod-db-root-password"},
	} {
		if got := storeName(store.Description{Names: c.names}, "my shop", "prod", "", "db", "root_password"); got != c.want {
			t.Errorf("%q, expected %q", got, c.want)
		}
	}
}

func TestAdvice(t *testing.T) {
	at := func(file string) []locate.Spot { return []locate.Spot{{File: file}} }
	for _, c := range []struct {
		rule, env, file, want string
	}{
		{"aws-secret-access-key", "AWS_SECRET_ACCESS_KEY", ".env", "role"},
		{"aws-access-key-id", "AWS_ACCESS_KEY_ID", ".github/workflows/deploy.yml", "oidc"},
		{"generic-secret", "MYSQL_PASSWORD", ".env", "vault"},
		{"generic-secret", "API_URL", ".env", "awsparams"},
		{"github-pat", "GITHUB_TOKEN", ".env", "awssecrets"},
	} {
		if got := advise(&locate.Value{Rule: c.rule, Spots: at(c.file)}, c.env); got.Store != c.want || got.Why == "" {
			t.Errorf("%s in %s: %+v", c.env, c.file, got)
		}
	}
}
