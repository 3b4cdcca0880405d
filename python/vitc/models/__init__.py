"""Vision transformers that vitc is made to recognise, as PyTorch modules written from the equations of their papers.

These are not the published models: no trained weights exist for them here, and where no source gives a number, the
docstring says which one was chosen. They need PyTorch, which `vitc` itself does not: `import vitc` never imports this
package. A module's `forward` is plain tensor code that both of PyTorch's ONNX exporters take.

Sizes in docstrings: B batch, N tokens, P patches, R registers, C width, h heads, d = C / h, H x W positions of a map,
S height and width of a picture in pixels, L visual tokens.

| module | models | papers |
| --- | --- | --- |
| `vit` | ViT with registers in two layouts, DINOv2's SwiGLU | arXiv 2010.11929, 2304.07193, 2309.16588 |
| `dino` | ViT at other sizes than it was trained at, last attention map, ResNet-50, projection head | arXiv 2104.14294 |
| `clip` | CLIP's picture and text towers | arXiv 2103.00020 |
| `cait` | CaiT's class attention | arXiv 2103.17239 |
| `pooling` | pooling by learned queries | arXiv 2303.15343, 1810.00825, 2103.03206 |
| `deepvit` | DeepViT: attention maps mixed across heads | arXiv 2103.11886 |
| `pvt` | PVT: keys and values from fewer positions | arXiv 2102.12122 |
| `lavit` | LaViT-REF: attention inherited from an earlier layer | arXiv 2406.00427 |
| `visual_tokens`, `visual_tokens_v1`, `vt_resnet`, `vt_fpn` | Visual Transformers | arXiv 2006.03677 |
| `linear_heads`, `fpn` | segmentation, depth, Semantic FPN, RetinaNet | arXiv 2304.07193, 1901.02446, 1708.02002 |
"""
