#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "index/catalogue.h"
#include "index/model/blend.h"
#include "index/model/seen_rule.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "index/snapshot/manifest.h"
#include "index/snapshot/snapshot.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// A new blend before the refit, with what it is to be compared on.
struct NewBlend {
  const Catalogue& catalogue;
  const Blend& blend;
  SeenRule seen;
  std::span<const HeldOut> held_out;          ///< the gate's half
  std::span<const HeldOut> as_serving_knows;  ///< the same, contexts in the serving snapshot's terms
  double ndcg = 0;                            ///< NDCG@10 over held_out
  double error = 0;                           ///< its standard error
};

/// How much worse than the serving snapshot a new one may be.
struct ServingMargin {
  double margin = 0.02;          ///< share of the serving snapshot's NDCG@10
  std::size_t min_events = 100;  ///< fewer newer ones say too little
};

/// Beside the snapshot that serves.
struct ServingComparison {
  std::string snapshot;
  std::string by;          ///< "newer events", "validation figures", or "nothing"
  std::size_t events = 0;  ///< that were compared on
  double serving = 0;      ///< NDCG@10
  double fresh = 0;
  bool passed = true;
  std::string reason;  ///< of a refusal, with both figures
};

/// Compares with the snapshot that serves, of another catalogue maybe:
///   - by targets that are newer than its newest training event, which neither has learned from: each ranks,
///     under its own seen rule, the items that both have; items are the same when their ids are;
///   - where there are too few of those, by the figures of both validations;
///   - by nothing where the serving one has no such figure.
/// It is refused when its NDCG@10 is lower by more than the margin and by more than chance explains (1.645
/// standard errors, one side of 95 %): on a few hundred events chance alone moves the figure by more than any
/// sensible margin.
ServingComparison compare_with_serving(const Snapshot& serving, const NewBlend& fresh,
                                       const ServingMargin& margin, kernels::ThreadPool& pool,
                                       Progress& progress);

/// For the manifest.
nlohmann::json to_json(const ServingComparison& comparison);

}  // namespace segue::index
