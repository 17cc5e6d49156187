module numerian/tests/faults/cut

go 1.22
