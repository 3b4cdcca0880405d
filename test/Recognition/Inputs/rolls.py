"""Prints a function that rolls the rows of tokens by 3, so many times: `rolls.py COUNT`."""
import sys

ROWS, BY = 7, 3


def slice_of(value, begin, rows):
    return (f"tensor.extract_slice {value}[0, {begin}, 0] [1, {rows}, 4] [1, 1, 1] : "
            f"tensor<1x{ROWS}x4xf32> to tensor<1x{rows}x4xf32>")


print(f"func.func @rolls(%v0: tensor<1x{ROWS}x4xf32>) -> tensor<1x{ROWS}x4xf32> {{")
count = int(sys.argv[1])
for i in range(count):
    print(f"  %tail{i} = {slice_of(f'%v{i}', BY, ROWS - BY)}")
    print(f"  %head{i} = {slice_of(f'%v{i}', 0, BY)}")
    print(f"  %v{i + 1} = tensor.concat dim(1) %tail{i}, %head{i} : "
          f"(tensor<1x{ROWS - BY}x4xf32>, tensor<1x{BY}x4xf32>) -> tensor<1x{ROWS}x4xf32>")
print(f"  return %v{count} : tensor<1x{ROWS}x4xf32>\n}}")
