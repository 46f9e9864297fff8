package rewrite

import (
	"testing"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/platform"
)

const ghSecret = "${{ secrets.DB_PASSWORD }}"

var oidc = Options{Options: platform.Options{OIDC: &OIDC{Role: "arn:aws:iam::123456789012:role/deploy", Region: "eu-west-1"}}}

func TestGitHubActions(t *testing.T) {
	const name = ".github/workflows/ci.yml"
	runAll(t, []one{
		{name: name, before: "on: push\nenv:\n  P: «hunter2x» # why\njobs: {}\n", after: "on: push\nenv:\n  P: " + ghSecret + " # why\njobs: {}\n"},
		{name: name, before: "env: {P: «hunter2x», U: 'dsn app/«TOKEN::hunter3x»@db'}\r\n", after: "env: {P: \"" + ghSecret + "\", U: 'dsn app/${{ secrets.TOKEN }}@db'}\r\n"},
		{name: name, before: "jobs:\n  a:\n    steps:\n      - run: |\n          curl -H \"X: «hunter2x»\" x\n          y '«hunter2x»' «TOKEN::hunter3x»\n      - run: z\n", after: "jobs:\n  a:\n    steps:\n      - run: |\n          curl -H \"X: ${DB_PASSWORD}\" x\n          y \"${DB_PASSWORD}\" \"${TOKEN}\"\n        env:\n          DB_PASSWORD: " + ghSecret + "\n          TOKEN: ${{ secrets.TOKEN }}\n      - run: z\n"},
		{name: name, before: "jobs:\n  a:\n    steps:\n      - name: x\n        env:\n          A: 1\n        run: curl «hunter2x»\n", after: "jobs:\n  a:\n    steps:\n      - name: x\n        env:\n          A: 1\n          DB_PASSWORD: " + ghSecret + "\n        run: curl \"${DB_PASSWORD}\"\n"},
		{name: name, before: "jobs:\n  a:\n    steps:\n      - uses: x/y@v1\n        with: {token: «hunter2x»}\n", after: "jobs:\n  a:\n    steps:\n      - uses: x/y@v1\n        with: {token: \"" + ghSecret + "\"}\n"},
		{name: name, before: "jobs:\n  a:\n    steps:\n      - shell: pwsh\n        run: x «hunter2x»\n", reason: change.SuggestOnly},
		{name: "action.yml", before: "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: x «hunter2x»\n", reason: change.SuggestOnly},
		{name: name, before: "on: push # «hunter2x»\n", reason: change.InComment},
		{name: name, before: "on: [push\nenv: {P: «hunter2x»}\n", reason: change.Unparsable},
	})
}

func TestGitHubOIDC(t *testing.T) {
	const name = ".github/workflows/ci.yml"
	const step = "      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n"
	const role = "          role-to-assume: arn:aws:iam::123456789012:role/deploy\n"
	runAll(t, []one{
		{name: name, opts: oidc,
			before: "jobs:\n  a:\n    runs-on: x\n    steps:\n" + step + "          aws-access-key-id: «ID::AKIDEXAMPLE» # key\n          aws-secret-access-key: «SECRET::hunter3x»\n          aws-region: us-east-1\n",
			after:  "jobs:\n  a:\n    runs-on: x\n    permissions:\n      id-token: write\n      contents: read\n    steps:\n" + step + role[:len(role)-1] + " # key\n          aws-region: us-east-1\n"},
		{name: name, opts: oidc,
			before: "permissions:\n  contents: read\n  packages: write\njobs:\n  a:\n    steps:\n" + step + "          aws-access-key-id: «ID::AKIDEXAMPLE»\n          aws-secret-access-key: ${{ secrets.X }}\n",
			after:  "permissions:\n  contents: read\n  packages: write\njobs:\n  a:\n    permissions:\n      id-token: write\n      contents: read\n      packages: write\n    steps:\n" + step + role + "          aws-region: eu-west-1\n"},
		{name: name, opts: oidc,
			before: "jobs:\n  a:\n    permissions:\n      contents: write\n    steps:\n" + step + "          aws-access-key-id: «ID::AKIDEXAMPLE»\n",
			after:  "jobs:\n  a:\n    permissions:\n      contents: write\n      id-token: write\n    steps:\n" + step + role + "          aws-region: eu-west-1\n"},
	})
}

func TestOtherPipelines(t *testing.T) {
	runAll(t, []one{
		{name: ".gitlab-ci.yml", before: "variables:\n  A: 1\n  DB_PASSWORD: «hunter2x» # why\n  B: 2\n", after: "variables:\n  A: 1\n  B: 2\n"},
		{name: ".gitlab-ci.yml", before: "stages: [a]\njob:\n  variables:\n    DB_PASSWORD: «hunter2x»\n  script: [x]\n", after: "stages: [a]\njob:\n  script: [x]\n"},
		{name: ".gitlab-ci.yml", before: "variables:\n  URL: dsn app/«hunter2x»@db\n  P: «TOKEN::hunter3x»\n", after: "variables:\n  URL: dsn app/${DB_PASSWORD}@db\n  P: ${TOKEN}\n"},
		{name: ".gitlab-ci.yml", before: "j:\n  script:\n    - curl -H 'X:«hunter2x»' x\n    - y «TOKEN::hunter3x»\n", after: "j:\n  script:\n    - curl -H 'X:'\"${DB_PASSWORD}\"'' x\n    - y \"${TOKEN}\"\n"},
		{name: ".gitlab-ci.yml", before: "variables:\n  DB_PASSWORD: a «hunter2x»\n", reason: change.SuggestOnly},
		{name: ".circleci/config.yml", before: "jobs:\n  b:\n    environment:\n      A: x\n      DB_PASSWORD: «hunter2x»\n    docker:\n      - image: y\n        auth:\n          password: «TOKEN::hunter3x»\n", after: "jobs:\n  b:\n    environment:\n      A: x\n    docker:\n      - image: y\n        auth:\n          password: $TOKEN\n"},
		{name: ".circleci/config.yml", before: "jobs:\n  b:\n    steps:\n      - run: curl «hunter2x»\n      - run:\n          name: y\n          command: |\n            z \"«TOKEN::hunter3x»\"\n", after: "jobs:\n  b:\n    steps:\n      - run: curl \"${DB_PASSWORD}\"\n      - run:\n          name: y\n          command: |\n            z \"${TOKEN}\"\n"},
		{name: ".circleci/config.yml", before: "jobs:\n  b:\n    environment:\n      URL: dsn «hunter2x»@db\n", reason: change.SuggestOnly},
		{name: "azure-pipelines.yml", before: "variables:\n- name: DB_PASSWORD\n  value: «hunter2x»\n- name: B\n  value: «TOKEN::hunter3x»\n", after: "variables:\n- name: B\n  value: $(TOKEN)\n"},
		{name: "azure-pipelines.yml", before: "variables:\n  A: 1\n  DB_PASSWORD: '«hunter2x»'\nsteps:\n- script: x\n  env:\n    P: «TOKEN::hunter3x»\n", after: "variables:\n  A: 1\nsteps:\n- script: x\n  env:\n    P: $(TOKEN)\n"},
		{name: "bitbucket-pipelines.yml", before: "pipelines:\n  default:\n    - step:\n        script:\n          - curl «hunter2x»\n          - pipe: a/b:1\n            variables:\n              K: «TOKEN::hunter3x»\n              U: dsn/«TOKEN::hunter3x»/x\n", after: "pipelines:\n  default:\n    - step:\n        script:\n          - curl \"${DB_PASSWORD}\"\n          - pipe: a/b:1\n            variables:\n              K: $TOKEN\n              U: dsn/${TOKEN}/x\n"},
		{name: "buildspec.yml", before: "version: 0.2\nenv:\n  variables:\n    A: 1\n    DB: «hunter2x»\n    T: «TOKEN::hunter3x»\nphases: {}\n", after: "version: 0.2\nenv:\n  secrets-manager:\n    DB: prod/mysql:password\n    T: prod/mysql:token\n  variables:\n    A: 1\nphases: {}\n"},
		{name: "buildspec.yml", before: "version: 0.2\nphases:\n  build:\n    commands:\n      - curl «hunter2x»\n", after: "version: 0.2\nenv:\n  secrets-manager:\n    DB_PASSWORD: prod/mysql:password\nphases:\n  build:\n    commands:\n      - curl \"${DB_PASSWORD}\"\n"},
		{name: "buildspec.yml", before: "version: 0.2\nenv:\n  shell: bash\n  secrets-manager:\n    X: y\n  variables:\n    DB: «hunter2x»\n", after: "version: 0.2\nenv:\n  shell: bash\n  secrets-manager:\n    X: y\n    DB: prod/mysql:password\n"},
	})
}

func TestCompose(t *testing.T) {
	runAll(t, []one{
		{name: "docker-compose.yml", before: "services:\n  app:\n    environment:\n      - A=1\n      - DB=«hunter2x» # why\n", after: "services:\n  app:\n    environment:\n      - A=1\n      - DB=${DB_PASSWORD:?} # why\n"},
		{name: "compose.yaml", before: "x: &e\n  DB: \"«hunter2x»\"\nservices:\n  app: {environment: *e}\n", after: "x: &e\n  DB: \"${DB_PASSWORD:?}\"\nservices:\n  app: {environment: *e}\n"},
		{name: "compose.yaml", before: "services:\n  db:\n    image: docker.io/library/postgres:17\n    environment:\n      A: 1\n      POSTGRES_PASSWORD: «hunter2x»\n", after: "services:\n  db:\n    image: docker.io/library/postgres:17\n    secrets:\n      - DB_PASSWORD\n    environment:\n      A: 1\n      POSTGRES_PASSWORD_FILE: /run/secrets/DB_PASSWORD\nsecrets:\n  DB_PASSWORD:\n    environment: DB_PASSWORD\n"},
		{name: "compose.yaml", before: "services:\r\n  db:\r\n    image: mariadb\r\n    environment:\r\n      MARIADB_PASSWORD: «hunter2x»\r\n      MARIADB_ROOT_PASSWORD: «ROOT::hunter3x»\r\n    secrets:\r\n    - old\r\nsecrets:\r\n  old:\r\n    file: ./old\r\nvolumes: {}\r\n", after: "services:\r\n  db:\r\n    image: mariadb\r\n    environment:\r\n      MARIADB_PASSWORD_FILE: /run/secrets/DB_PASSWORD\r\n      MARIADB_ROOT_PASSWORD_FILE: /run/secrets/ROOT\r\n    secrets:\r\n    - old\r\n    - DB_PASSWORD\r\n    - ROOT\r\nsecrets:\r\n  old:\r\n    file: ./old\r\n  DB_PASSWORD:\r\n    environment: DB_PASSWORD\r\n  ROOT:\r\n    environment: ROOT\r\nvolumes: {}\r\n"},
		{name: "compose.yaml", before: "services:\n  app:\n    build:\n      args:\n        T: «hunter2x»\n", reason: change.SuggestOnly},
	})
}
