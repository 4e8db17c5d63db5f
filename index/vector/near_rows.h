#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "index/item.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// Nearly the nearest rows by inner product, for jobs that ask for many of them at once: n rows asked m times
/// take n m d operations exactly, which is hours for a million items. Up to kExactRows the answer is exact;
/// beyond, the rows are grouped around 4 sqrt(n) centres (k-means) and those of the kProbes nearest centres
/// are compared: an inverted file (Jegou, Douze, Schmid, TPAMI 2011; Faiss's IVFFlat). What serves queries is
/// VectorIndex. Immutable, thread-safe.
class NearRows {
 public:
  static constexpr std::size_t kExactRows = 20000;
  static constexpr std::size_t kProbes = 16;

  /// rows [n, d], finite; up to kExactRows they are copied, else Faiss copies them.
  explicit NearRows(kernels::ConstMatrix rows);
  ~NearRows();

  /// For each of queries [m, d] up to k rows by falling product with it; `item` is the row's number. Beyond
  /// kExactRows all cores work at it, so ask for hundreds at once.
  std::vector<std::vector<ScoredItem>> search(kernels::ConstMatrix queries, std::size_t k) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::index
