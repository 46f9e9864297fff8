package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// setting is a way to write a name and a value down. put gives the file's text.
type setting struct {
	name, file string
	put        func(name, value string) string
}

// form is a setting whose text is a format of name and value, in this order.
func form(name, file, format string) setting {
	return setting{name, file, func(n, v string) string { return fmt.Sprintf(format, n, v) }}
}

// settings are the languages and formats in which credentials are found most.
// The lines around are what stands around them in such files.
var settings = []setting{
	form("dotenv", ".env", "APP_ENV=production\n%s=%s\nPORT=8080\n"),
	form("shell", "deploy.sh", "#!/bin/sh\nset -e\nexport %s=\"%s\"\n./run\n"),
	form("Dockerfile", "Dockerfile", "FROM debian:12\nENV %s=%s\nCMD [\"run\"]\n"),
	form("compose", "docker-compose.yml", "services:\n  app:\n    image: app:1\n    environment:\n      - %s=%s\n"),
	form("YAML", "config.yaml", "server:\n  port: 80\n  %s: %s\n"),
	form("YAML, quoted", "values.yaml", "server:\n  %s: \"%s\"\n  port: 80\n"),
	form("Kubernetes env", "pod.yaml", "kind: Pod\nspec:\n  containers:\n  - name: app\n    env:\n    - name: %s\n      value: \"%s\"\n"),
	{"Kubernetes Secret", "secret.yaml", func(n, v string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  " + n + ": " + base64.StdEncoding.EncodeToString([]byte(v)) + "\n"
	}},
	{"JSON", "config.json", func(n, v string) string { return "{\n  \"port\": 80,\n  " + quote(n) + ": " + quote(v) + "\n}\n" }},
	form("TOML", "config.toml", "[server]\nport = 80\n%s = \"%s\"\n"),
	form("INI", "settings.ini", "[server]\nport=80\n%s=%s\n"),
	form("properties", "application.properties", "server.port=80\n%s=%s\n"),
	{"XML element", "settings.xml", func(n, v string) string {
		return fmt.Sprintf("<server>\n  <%[1]s>%[2]s</%[1]s>\n</server>\n", n, html.EscapeString(v))
	}},
	{"XML add", "web.config", func(n, v string) string {
		return fmt.Sprintf("<appSettings>\n  <add key=\"%s\" value=\"%s\" />\n</appSettings>\n", n, html.EscapeString(v))
	}},
	form("Terraform", "main.tf", "resource \"x\" \"y\" {\n  name = \"a\"\n  %s = \"%s\"\n}\n"),
	form("Python", "settings.py", "import os\n\n%s = \"%s\"\n"),
	form("Python dict", "app.py", "conf = {\n    'debug': True,\n    '%s': '%s',\n}\n"),
	form("JavaScript", "app.js", "const port = 80;\nconst %s = '%s';\n"),
	form("TypeScript", "config.ts", "export const config = {\n  port: 80,\n  %s: '%s',\n};\n"),
	form("Go", "main.go", "package main\n\nvar %s = \"%s\"\n"),
	form("Java", "Config.java", "class Config {\n    private static final String %s = \"%s\";\n}\n"),
	form("Kotlin", "Config.kt", "object Config {\n    const val %s = \"%s\"\n}\n"),
	form("Swift", "Config.swift", "enum Config {\n    static let %s = \"%s\"\n}\n"),
	form("Ruby", "config.rb", "App.configure do |c|\n  c.%s = '%s'\nend\n"),
	form("PHP", "config.php", "<?php\ndefine('%s', '%s');\n"),
	form("C#", "Program.cs", "class Program {\n    const string %s = \"%s\";\n}\n"),
	form("Rust", "main.rs", "const %s: &str = \"%s\";\n"),
	form("PowerShell", "deploy.ps1", "$%s = \"%s\"\n"),
	form("Perl", "app.pl", "my $%s = '%s';\n"),
	form("Markdown", "README.md", "# Setup\n\n```\n%s=%s\n```\n"),
	form("log", "app.log", "2026-01-02T03:04:05Z INFO started %s=%s in 3 s\n"),
	{"notebook", "analysis.ipynb", func(n, v string) string {
		return "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\n" + quote(n+" = '"+v+"'\n") + "\n]}]}\n"
	}},
	{"query", "requests.txt", func(n, v string) string {
		return "GET https://api.shop.internal/v1/items?" + n + "=" + url.QueryEscape(v) + "&page=2\n"
	}},
	{"UTF-16", "export.reg", func(n, v string) string {
		var out strings.Builder
		for _, b := range []byte("\"" + n + "\"=\"" + v + "\"\r\n") {
			out.Write([]byte{b, 0})
		}
		return "\xff\xfe" + out.String()
	}},
	{"CRLF", "app.conf", func(n, v string) string { return "port=80\r\n" + n + "=" + v + "\r\n" }},
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}
