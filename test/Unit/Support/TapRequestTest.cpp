#include "vitc/Support/TapRequest.h"

#include "gtest/gtest.h"

using namespace vitc;

using Layers = std::vector<std::pair<int64_t, int64_t>>;

static Layers layersOf(llvm::StringRef text) {
  Layers layers;
  std::optional<TapRequest> request = parseTapRequest(text);
  EXPECT_TRUE(request) << text.str();
  for (const TapRequest::Range &range : request ? request->layers : TapRequest().layers)
    layers.emplace_back(range.first, range.last);
  return layers;
}

TEST(TapRequestTest, KindsHaveNames) {
  EXPECT_EQ(listTapKinds(), "scores, attention, cls_attention, queries, keys, values, tokens, norms");
  for (TapKind kind : {TapKind::Scores, TapKind::ClsAttention, TapKind::Queries, TapKind::Norms})
    EXPECT_EQ(parseTapRequest(getName(kind))->kind, kind);
}

TEST(TapRequestTest, LayersAreNumbersAndRanges) {
  EXPECT_EQ(layersOf("attention"), Layers());
  EXPECT_EQ(layersOf("attention:-1"), Layers({{-1, -1}}));
  EXPECT_EQ(layersOf("keys:0-3,-1,7"), Layers({{0, 3}, {-1, -1}, {7, 7}}));
  EXPECT_EQ(layersOf("keys:0--1,-3--2"), Layers({{0, -1}, {-3, -2}}));
}

TEST(TapRequestTest, WhatIsMalformed) {
  for (llvm::StringRef text : {"keys:", "keys:a", "keys:1-", "keys:-", "keys:1,", "keys:,1", "keys:1.5", "keys:1 ",
                               "keys:3-1", "keys:-1--3", "keys:1-2-3", "keys:1234567890", "keys::1"}) {
    EXPECT_FALSE(parseTapRequest(text)) << text.str();
    EXPECT_TRUE(startsWithTapKind(text)) << text.str();
  }
}

TEST(TapRequestTest, OtherNamesAreNoKinds) {
  for (llvm::StringRef text : {"", "key", "keys/x", "attention/x:0", "Attention", "/blocks.0/attn/Softmax_output_0"}) {
    EXPECT_FALSE(parseTapRequest(text)) << text.str();
    EXPECT_FALSE(startsWithTapKind(text)) << text.str();
  }
}
