package remediate

import (
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/locate"
)

// Advice is where a secret would best be, with the reason. It is a proposal: --to and
// --map decide.
type Advice struct {
	Store string `json:"store"`
	Why   string `json:"why"`
}

// The kinds of end states that are proposed, from the least work to the least secret.
var (
	adviceRole   = Advice{"role", "AWS access: a role of the task, pod or instance needs no secret at all (oakum remediate access); a stored key must still be rotated"}
	adviceOIDC   = Advice{"oidc", "AWS access from a pipeline: let it take a role by OIDC, and no secret is left"}
	adviceVault  = Advice{"vault", "a database's login: Vault's dynamic credentials last for hours and belong to one program"}
	adviceParams = Advice{"awsparams", "simple configuration: Parameter Store keeps it for nothing"}
	adviceStatic = Advice{"awssecrets", "a static secret: Secrets Manager keeps its versions and can rotate it"}
)

var databases = []string{"postgres", "postgresql", "mysql", "mariadb", "mongodb", "mongo", "redis", "mssql", "sqlserver", "oracle", "database", "db", "jdbc", "cassandra", "couchdb"}

var pipelines = []string{".github/workflows/", ".gitlab-ci", ".circleci/", "azure-pipelines", "bitbucket-pipelines", "buildspec", "Jenkinsfile"}

// settings are the words of values that are no secret by themselves.
var settings = map[string]bool{"user": true, "username": true, "login": true, "host": true, "port": true, "region": true, "url": true, "uri": true, "endpoint": true}

// advise proposes a destination by rule, name and place.
func advise(v *locate.Value, env string) Advice {
	all := append(words(v.Rule), words(env)...)
	inPipeline := slices.ContainsFunc(v.Spots, func(s locate.Spot) bool {
		return slices.ContainsFunc(pipelines, func(p string) bool { return strings.Contains(s.File, p) })
	})
	switch {
	case slices.Contains(all, "aws") && (slices.Contains(all, "access") || slices.Contains(all, "secret")):
		if inPipeline {
			return adviceOIDC
		}
		return adviceRole
	case slices.ContainsFunc(all, func(w string) bool { return slices.Contains(databases, w) }):
		return adviceVault
	case settings[last(words(env))]:
		return adviceParams
	}
	return adviceStatic
}

func last(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}
