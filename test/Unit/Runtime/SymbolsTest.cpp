#include "RuntimeTest.h"

extern "C" {
#include "Polynomial.h"
#include "Symbols.h"
}

using namespace vitc::test;

namespace {

/// The sum of terms over (h, w, ⌊(h − 3) / 2⌋, kept).
vitc_polynomial sumOf(const std::vector<vitc_term> &terms) { return {terms.data(), int64_t(terms.size())}; }

class SymbolsTest : public testing::Test {
protected:
  std::vector<vitc_term> dividend = {{1, {1}}, {-3, {}}}, most = {{1, {0, 1, 1}}};
  std::vector<vitc_symbol> symbols = {
      {"h", 0, 0, VITC_SYMBOL_INPUT, 0, {}, 1},
      {"w", 0, 1, VITC_SYMBOL_INPUT, 0, {}, 1},
      {"((h-3)//2)", 0, 0, VITC_SYMBOL_QUOTIENT, 0, sumOf(dividend), 2},
      {"kept", 0, 0, VITC_SYMBOL_COMPUTED, 0, sumOf(most), 1},
  };
  vitc_function function = {};

  void SetUp() override {
    function.symbols = symbols.data();
    function.symbol_count = int32_t(symbols.size());
  }
};

TEST_F(SymbolsTest, DerivesFloorsAndTheMostThatIsComputed) {
  int64_t values[VITC_MAX_SYMBOLS] = {10, 5};
  vitc_derive_symbols(&function, values);
  EXPECT_EQ(values[2], 3);
  EXPECT_EQ(values[3], 15);
  values[3] = 4; // as generated code would
  vitc_derive_quotients(&function, values);
  EXPECT_EQ(values[3], 4);
}

TEST_F(SymbolsTest, FloorsAreTowardsMinusInfinity) {
  for (auto [h, quotient] : {std::pair(1, -1), {2, -1}, {3, 0}, {4, 0}, {5, 1}}) {
    int64_t values[VITC_MAX_SYMBOLS] = {h, 7};
    vitc_derive_symbols(&function, values);
    EXPECT_EQ(values[2], quotient) << h;
    EXPECT_EQ(values[3], std::max(7 * quotient, 0)) << h;
  }
}

TEST_F(SymbolsTest, MaximaAreNowhereExceeded) {
  int64_t maxima[VITC_MAX_SYMBOLS] = {9, 4};
  ASSERT_TRUE(vitc_bound_symbols(&function, maxima));
  // h·w − 2·w·⌊(h − 3) / 2⌋ + kept − 1, which shrinks where h grows from 4 to 5.
  std::vector<vitc_term> terms = {{1, {1, 1}}, {-2, {0, 1, 1}}, {1, {0, 0, 0, 1}}, {-1, {}}};
  vitc_polynomial polynomial = sumOf(terms);
  int64_t bound, value;
  ASSERT_TRUE(vitc_bound(&polynomial, maxima, &bound));
  EXPECT_EQ(bound, 36 + 12 - 1);
  for (int64_t h = 3; h <= 9; ++h)
    for (int64_t w = 1; w <= 4; ++w) {
      int64_t values[VITC_MAX_SYMBOLS] = {h, w};
      vitc_derive_symbols(&function, values);
      for (int i = 0; i < 4; ++i)
        EXPECT_LE(values[i], maxima[i]);
      ASSERT_TRUE(vitc_evaluate(&polynomial, values, &value));
      EXPECT_LE(value, bound);
    }
}

TEST_F(SymbolsTest, BoundsAreNeverNegativeAndNeverOverflow) {
  std::vector<vitc_term> negative = {{-5, {}}, {-1, {1}}}, square = {{-1, {2}}};
  vitc_polynomial below = sumOf(negative), large = sumOf(square);
  int64_t maxima[VITC_MAX_SYMBOLS] = {int64_t(1) << 40, 1}, bound;
  ASSERT_TRUE(vitc_bound(&below, maxima, &bound));
  EXPECT_EQ(bound, 0);
  EXPECT_FALSE(vitc_bound(&large, maxima, &bound));
  maxima[1] = maxima[0];
  EXPECT_FALSE(vitc_bound_symbols(&function, maxima));
}

class PickTest : public RuntimeTest {
protected:
  vitc_session *createPick(int64_t count) {
    vitc_dim dim = {"count", count};
    vitc_session_options chosen = options();
    chosen.function = "pick";
    chosen.dims = &dim;
    chosen.dim_count = 1;
    return create(chosen);
  }
};

TEST_F(PickTest, ShapesAreThoseOfTheRun) {
  vitc_session *session = createPick(8);
  Tensor<int64_t> x({6});
  DLTensor outputs[] = {lent(), lent()};
  ASSERT_EQ(api->output_shapes(session, &x, 1, outputs, 2), VITC_OK) << api->last_error();
  EXPECT_EQ(outputs[0].shape[0], 3);
  EXPECT_EQ(outputs[1].shape[0], 6); // at most
  outputs[0] = outputs[1] = lent();
  ASSERT_EQ(api->run(session, &x, 1, outputs, 2, nullptr), VITC_OK) << api->last_error();
  EXPECT_EQ(outputs[0].shape[0], 3);
  ASSERT_EQ(outputs[1].shape[0], 3);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(static_cast<int64_t *>(outputs[1].data)[i], 2 * i);
}

TEST_F(PickTest, RequirementsAreChecked) {
  vitc_session *session = createPick(8);
  Tensor<int64_t> x({5});
  DLTensor outputs[] = {lent(), lent()};
  const char *sentence = "the inputs have count = 5; expected count to be a multiple of 2";
  EXPECT_EQ(api->run(session, &x, 1, outputs, 2, nullptr), VITC_E_TENSOR);
  EXPECT_STREQ(api->last_error(), sentence);
  EXPECT_EQ(api->output_shapes(session, &x, 1, outputs, 2), VITC_E_TENSOR);
  EXPECT_STREQ(api->last_error(), sentence);
}

TEST_F(PickTest, OnlyNamedDimensionsHaveMaxima) {
  for (const char *name : {"(count//2)", "evens"}) {
    vitc_dim dim = {name, 3};
    vitc_session_options chosen = options();
    chosen.function = "pick";
    chosen.dims = &dim;
    chosen.dim_count = 1;
    vitc_session *session = nullptr;
    EXPECT_EQ(api->session_create(model, &chosen, &session), VITC_E_ARGUMENT) << name;
  }
}

/// Functions of one name for several shapes.
class FillTest : public RuntimeTest {
protected:
  vitc_session *createFill(int64_t n) {
    vitc_dim dim = {"n", n};
    vitc_session_options chosen = options(2);
    chosen.function = "fill";
    chosen.dims = &dim;
    chosen.dim_count = 1;
    return create(chosen);
  }

  int64_t run(vitc_session *session, std::vector<int64_t> shape) {
    Tensor<int64_t> x(std::move(shape));
    DLTensor output = lent();
    if (api->run(session, &x, 1, &output, 1, nullptr) != VITC_OK)
      return -1;
    return *static_cast<int64_t *>(output.data);
  }
};

TEST_F(FillTest, TheMostSpecialisedFunctionRuns) {
  vitc_session *session = createFill(5);
  EXPECT_EQ(run(session, {2, 3}), 1);
  EXPECT_EQ(run(session, {3, 3}), 3); // as many names as the next one: the first of both
  EXPECT_EQ(run(session, {4, 3}), 2);
  EXPECT_EQ(run(session, {5, 5}), 3);
  EXPECT_EQ(run(session, {2, 3}), 1);
}

TEST_F(FillTest, WhatNoneTakesIsRefused) {
  vitc_session *session = createFill(5);
  EXPECT_EQ(run(session, {2, 4}), -1);
  EXPECT_STREQ(api->last_error(), "the library holds no code for the shapes x (2, 4); it holds x (n, n); x (2, 3); "
                                  "x (n, 3)");
  EXPECT_EQ(run(session, {6, 3}), -1);
  EXPECT_STREQ(api->last_error(), "n = 6 in input 'x' exceeds 5, the most this session was created for");
  EXPECT_EQ(run(session, {6}), -1);
  EXPECT_STREQ(api->last_error(), "input 'x' has 1 dimensions; expected 2: (n, n)");
}

TEST_F(FillTest, OutputShapesAreThoseOfTheChosenOne) {
  vitc_session *session = createFill(2);
  Tensor<int64_t> x({2, 3}), y({2, 5});
  DLTensor output = lent();
  EXPECT_EQ(api->output_shapes(session, &x, 1, &output, 1), VITC_OK);
  EXPECT_EQ(output.shape[0], 3);
  EXPECT_EQ(api->output_shapes(session, &y, 1, &output, 1), VITC_E_TENSOR);
}

TEST_F(FillTest, TheWorkspaceIsThatOfTheLargest) {
  auto bytes = [&](int64_t n) {
    vitc_dim dim = {"n", n};
    vitc_session_options chosen = options();
    chosen.function = "fill";
    chosen.dims = &dim;
    chosen.dim_count = 1;
    size_t result = 0;
    EXPECT_EQ(api->workspace_bytes(model, &chosen, &result), VITC_OK);
    return result;
  };
  EXPECT_GE(bytes(100), 80000u);
  EXPECT_GE(bytes(1), 8u);
}

} // namespace
