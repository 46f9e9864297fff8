// Written by `oakum init`: judges what a push or a pull request adds (docs/ci.md of oakum).
pipeline {
  agent { docker { image 'golang:1.26' } }
  environment { GOCACHE = '/tmp/go-cache' } // the image's user has no home
  stages {
    stage('oakum') {
      steps {
        sh 'go install github.com/oakum-sec/oakum/cmd/oakum@VERSION'
        sh 'oakum scan --ci --report oakum.xml'
      }
    }
  }
  post { always { junit testResults: 'oakum.xml', allowEmptyResults: true } }
}
