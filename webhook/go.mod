module github.com/oakum-sec/oakum/webhook

go 1.26.0

replace github.com/oakum-sec/oakum => ../
