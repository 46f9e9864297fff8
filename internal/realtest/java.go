package realtest

import (
	"context"
	"os"
	"path/filepath"
)

// javaManifest names what the texts of remediate/rewrite/snippet are compiled with.
const javaManifest = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId>
  <artifactId>java-libraries</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>secretsmanager</artifactId><version>2.31.78</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>ssm</artifactId><version>2.31.78</version></dependency>
    <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.19.1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

// javaLibraries are AWS's SDK and a reader of JSON, with all that they need. Their program
// is the folder of their archives. Maven and the JDK are the system's.
func javaLibraries() Part {
	return Part{
		Name:    "java-libraries",
		Program: "jars",
		recipe:  javaManifest,
		bring: func(ctx context.Context, dir string) error {
			if err := os.WriteFile(filepath.Join(dir, "pom.xml"), []byte(javaManifest), 0o644); err != nil {
				return err
			}
			return run(ctx, dir, "mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+filepath.Join(dir, "jars"))
		},
	}
}
