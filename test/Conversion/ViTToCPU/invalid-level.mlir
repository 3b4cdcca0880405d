// RUN: vitc-opt %s --convert-vit-to-cpu=level=pentium --verify-diagnostics

// expected-error @below {{unknown CPU level 'pentium'}}
module {
}
