#include "vitc/Target/Program.h"

#include "gtest/gtest.h"

using namespace vitc::target;

TEST(Polynomial, AddsAndMultiplies) {
  Polynomial batch = Polynomial::symbol(0), tokens = Polynomial::symbol(1);
  Polynomial bytes = batch * tokens * tokens * Polynomial(4) + Polynomial(64) + batch * Polynomial(4);
  EXPECT_EQ(bytes.evaluate({3, 5}), 3 * 25 * 4 + 64 + 12);
  EXPECT_FALSE(bytes.isConstant());
}

TEST(Polynomial, LikeTermsBecomeOneAndZerosNone) {
  Polynomial batch = Polynomial::symbol(0);
  EXPECT_EQ((batch + batch).getTerms().size(), 1u);
  EXPECT_TRUE((batch + batch * Polynomial(-1)).getTerms().empty());
  EXPECT_TRUE(Polynomial(0).getTerms().empty());
  EXPECT_TRUE(Polynomial(0).isConstant());
}

TEST(Polynomial, PrintsAsInfoDoes) {
  Polynomial batch = Polynomial::symbol(0), tokens = Polynomial::symbol(1);
  EXPECT_EQ((batch * Polynomial(197)).print({"batch"}), "197*batch");
  EXPECT_EQ((batch * tokens * tokens + Polynomial(1)).print({"batch", "tokens"}), "batch*tokens^2+1");
  EXPECT_EQ((batch + Polynomial(-2)).print({"batch"}), "batch-2");
  EXPECT_EQ(Polynomial(0).print({}), "0");
}
