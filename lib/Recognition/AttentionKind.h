#ifndef VITC_RECOGNITION_ATTENTIONKIND_H
#define VITC_RECOGNITION_ATTENTIONKIND_H

#include "vitc/Dialect/ViT/IR/ViT.h"

namespace vitc {

/// What an attention is called in reports, by where its tokens come from:
/// - `window_attention`: the batch counts windows of an image, whose rows and columns the tokens count (Liu et al.,
///   arXiv 2103.14030), rolled before or not;
/// - `sr_attention`: keys come, through a convolution with a stride, from the tokens that the queries come from (Wang
/// et
///   al., arXiv 2102.12122);
/// - `attention` else.
llvm::StringRef kindOfAttention(vit::AttentionOp op);

} // namespace vitc

#endif // VITC_RECOGNITION_ATTENTIONKIND_H
