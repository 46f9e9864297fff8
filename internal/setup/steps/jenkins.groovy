// Written by `oakum init`: judges what a push or a pull request adds (docs/ci.md of oakum).
pipeline {
  agent { docker { image 'golang:1.26' } }
  stages {
    stage('oakum') {
      steps {
        sh 'go install github.com/oakum-sec/oakum/cmd/oakum@VERSION'
        sh 'oakum scan --ci'
      }
    }
  }
}
