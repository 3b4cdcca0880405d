// RUN: vitc-opt %s --convert-vit-to-cpu=precision=fp8 --verify-diagnostics

// expected-error @below {{unknown precision 'fp8'}}
module {
}
