module github.com/oakum-sec/oakum/remediate

go 1.26.0

replace github.com/oakum-sec/oakum => ../
