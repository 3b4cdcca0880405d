// RUN: vitc-opt %s -split-input-file -vitc-expand-math -verify-diagnostics | FileCheck %s
// RUN: vitc-opt %s -split-input-file -vitc-expand-math=level=x86-64-v4 -verify-diagnostics | FileCheck %s --check-prefix TABLE
// RUN: not vitc-opt %s -split-input-file -vitc-expand-math=level=vax 2>&1 | FileCheck %s --check-prefix LEVEL
// LEVEL: unknown CPU level 'vax'

// CHECK-LABEL: @exp_of_vector
// CHECK-NOT: math.exp
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @exp_of_vector(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// CHECK-LABEL: @exp_of_scalar
// CHECK-NOT: math.exp
// CHECK: arith.bitcast {{.*}} : i32 to f32
func.func @exp_of_scalar(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// -----

// In f64 to its last places: the first term of the series, and ln 2 in two parts.
// CHECK-LABEL: @functions_of_doubles
// CHECK-DAG: dense<1.6059043836821613E-10>
// CHECK-DAG: arith.constant 0.69314718036912382 : f64
// CHECK-DAG: arith.constant 1.9082149292705877E-10 : f64
// CHECK-NOT: math.exp
// CHECK-NOT: math.log
func.func @functions_of_doubles(%x: vector<4xf64>, %y: f64) -> (vector<4xf64>, f64) {
  %0 = math.exp %x : vector<4xf64>
  %1 = math.log %y : f64
  return %0, %1 : vector<4xf64>, f64
}

// -----

// The first coefficient of the polynomial and the bound past which GELU is x or 0.
// CHECK-LABEL: @gelu_erf
// CHECK-DAG: dense<2.704000e+01>
// CHECK-DAG: dense<0.135949
// CHECK-NOT: vit.gelu
// CHECK-NOT: math.erf
func.func @gelu_erf(%x: vector<8xf32>) -> vector<8xf32> {
  %y = vit.gelu %x : vector<8xf32>
  return %y : vector<8xf32>
}

// -----

// With AVX-512 short polynomials, whose coefficients are looked up: the constants are in 16 intervals, the last of which
// has one half alone.
// TABLE-LABEL: @gelu_erf_by_table
// TABLE-DAG: dense<[{{.*}}, 5.000000e-01]> : vector<16xf32>
// TABLE-DAG: dense<[{{.*}}, 0.000000e+00]> : vector<16xf32>
// TABLE-COUNT-5: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
// TABLE-NOT: llvm.x86.avx512
// TABLE-NOT: vit.gelu
// CHECK-LABEL: @gelu_erf_by_table
// CHECK-NOT: llvm.x86.avx512
func.func @gelu_erf_by_table(%x: vector<16xf32>, %scalar: f32) -> (vector<16xf32>, f32) {
  %y = vit.gelu %x : vector<16xf32>
  %z = vit.gelu %scalar : f32
  return %y, %z : vector<16xf32>, f32
}

// -----

// CHECK-LABEL: @gelu_tanh
// CHECK-NOT: math.tanh
// CHECK: arith.divf
func.func @gelu_tanh(%x: vector<8xf32>) -> vector<8xf32> {
  %y = vit.gelu %x {approximate = 1 : i32} : vector<8xf32>
  return %y : vector<8xf32>
}

// -----

// CHECK-LABEL: @quick_gelu
// CHECK: dense<-1.702
// CHECK-NOT: vit.silu
func.func @quick_gelu(%x: vector<8xf32>) -> vector<8xf32> {
  %y = vit.silu %x {beta = 1.702 : f32} : vector<8xf32>
  return %y : vector<8xf32>
}

// -----

// What processors have stays.
// CHECK-LABEL: @native
// CHECK: math.sqrt
// CHECK: math.roundeven
// CHECK: math.absf
func.func @native(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.sqrt %x : vector<8xf32>
  %1 = math.roundeven %0 : vector<8xf32>
  %2 = math.absf %1 : vector<8xf32>
  return %2 : vector<8xf32>
}

// -----

// Functions that are not hot take upstream's expansions; those that use exp take ours in turn.
// CHECK-LABEL: @others
// CHECK-NOT: math.{{(exp|erf|tanh|log|powf|rsqrt|sin|expm1)}}
// CHECK: return
func.func @others(%x: vector<8xf32>, %s: f32) -> (vector<8xf32>, f32) {
  %0 = math.erf %x : vector<8xf32>
  %1 = math.tanh %0 : vector<8xf32>
  %2 = math.log %1 : vector<8xf32>
  %3 = math.powf %2, %x : vector<8xf32>
  %4 = math.rsqrt %3 : vector<8xf32>
  %5 = math.expm1 %4 : vector<8xf32>
  %6 = math.sin %s : f32
  return %5, %6 : vector<8xf32>, f32
}

// -----

// Of a negative base too: its magnitude's power, the sign of an odd one, NaN where there is none.
// CHECK-LABEL: @power
// CHECK-NOT: math.powf
// CHECK: math.absf
// CHECK: math.floor
// CHECK: math.copysign
func.func @power(%x: vector<8xf32>, %y: vector<8xf32>) -> vector<8xf32> {
  %z = math.powf %x, %y : vector<8xf32>
  return %z : vector<8xf32>
}

// -----

func.func @double(%x: f64) -> f64 {
  // expected-error @below {{cannot be expanded into arithmetic on 'f64'}}
  %y = math.tanh %x : f64
  return %y : f64
}

// -----

// bf16 is made of the bits of f32; what is between it and integers goes through f32.
// CHECK-LABEL: @bfloats
// CHECK-NOT: arith.truncf
// CHECK-NOT: i32 to bf16
// CHECK: %[[W:.+]] = arith.sitofp %{{.+}} : i32 to f32
// CHECK-NOT: arith.truncf
// CHECK: arith.fptosi %{{.+}} : f32 to i32
func.func @bfloats(%x: f32, %i: i32) -> (bf16, bf16, i32) {
  %0 = arith.truncf %x : f32 to bf16
  %1 = arith.sitofp %i : i32 to bf16
  %2 = arith.fptosi %0 : bf16 to i32
  return %0, %1, %2 : bf16, bf16, i32
}
