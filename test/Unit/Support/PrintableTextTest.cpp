#include "vitc/Support/PrintableText.h"

#include "gtest/gtest.h"

using vitc::printable;

TEST(PrintableTextTest, TextStaysAsItIs) {
  EXPECT_EQ(printable("/blocks.0/attn/MatMul: 'é', \"漢\" \\ 100 %"), "/blocks.0/attn/MatMul: 'é', \"漢\" \\ 100 %");
  EXPECT_EQ(printable(""), "");
}

TEST(PrintableTextTest, ControlsAreSpelledOut) {
  EXPECT_EQ(printable("a\nb\tc\x1b[31m\x7f"), "a\\x0ab\\x09c\\x1b[31m\\x7f");
  EXPECT_EQ(printable(llvm::StringRef("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\u0085\u202e\u2066\u2028"), "\\x85\\u202e\\u2066\\u2028");
}

TEST(PrintableTextTest, WhatIsNoUtf8IsSpelledOut) {
  EXPECT_EQ(printable("a\xff\xc0\x80z"), "a\\xff\\xc0\\x80z");
  EXPECT_EQ(printable("\xe6\xbc"), "\\xe6\\xbc");          // cut short
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // half of a surrogate pair
}

TEST(PrintableTextTest, TheMiddleOfALongTextIsLeftOut) {
  EXPECT_EQ(printable(std::string(10, 'a') + std::string(10, 'b'), 8), "aaaa... (12 bytes) ...bbbb");
  EXPECT_EQ(printable("aaaabbbb", 8), "aaaabbbb");
}
