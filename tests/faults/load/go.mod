module numerian.test/load

go 1.24
