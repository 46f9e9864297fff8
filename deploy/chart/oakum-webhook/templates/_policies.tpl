{{/* Which namespaces a binding selects: those not excluded, at levels that ask for it.
Where the default is a level that does not, those whose label says another one. */}}
{{- define "oakum.policies.select" }}
{{- $e := .expression }}
{{- if eq $e.key "kubernetes.io/metadata.name" }}
{{- $_ := set $e "values" (include "oakum.excluded" .root | fromJsonArray) }}
{{- else if has .root.Values.defaults.enforce.level $e.values }}
{{- $on := list }}
{{- range list "off" "aws-static" "high" "all" }}
{{- if not (has . $e.values) }}{{- $on = append $on . }}{{- end }}
{{- end }}
{{- $_ := set $e "operator" "In" }}
{{- $_ := set $e "values" $on }}
{{- end }}
{{- end }}

{{/* Who may loosen labels, and whose objects are copies of templates. */}}
{{- define "oakum.policies.condition" }}
{{- $c := .condition }}
{{- $users := list }}{{- range .root.Values.inProcess.guard.users }}{{- $users = append $users (printf "r'%s'" .) }}{{- end }}
{{- $groups := list }}{{- range .root.Values.inProcess.guard.groups }}{{- $groups = append $groups (printf "r'%s'" .) }}{{- end }}
{{- if eq $c.name "not-an-allowed-user" }}
{{- $_ := set $c "expression" (printf "!(request.userInfo.username in [%s] || request.userInfo.?groups.orValue([]).exists(g, g in [%s]))" (join ", " $users) (join ", " $groups)) }}
{{- end }}
{{- if eq $c.name "not-a-controllers-copy" }}
{{- range $controller := reverse .root.Values.controllers }}
{{- $_ := set $c "expression" ($c.expression | replace "r'system:kube-controller-manager'" (printf "r'system:kube-controller-manager', r'%s'" $controller)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a label that is not there stands for, by the defaults. Ranks are put in between
< and > first, so that none is replaced twice. */}}
{{- define "oakum.policies.ranks" }}
{{- $v := .variable }}
{{- $ranks := dict "off" 0 "aws-static" 1 "high" 2 "all" 3 }}
{{- range $mode, $said := .root.Values.defaults }}
{{- range $house := list 2 3 }}
{{- $label := printf "[?r'oakum-sec.github.io/%s'].orValue('')].orValue" $mode }}
{{- $_ := set $v "expression" ($v.expression | replace (printf "%s(%d)" $label $house) (printf "%s(<%v>)" $label (get $ranks $said.level))) }}
{{- end }}
{{- end }}
{{- $_ := set $v "expression" ($v.expression | replace "(<" "(" | replace ">)" ")") }}
{{- end }}
