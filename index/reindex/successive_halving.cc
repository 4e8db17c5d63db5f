#include "index/reindex/successive_halving.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "index/config.h"

namespace segue::index {
namespace {

/// So many draws in a row without a new point: there is hardly another one.
constexpr std::size_t kVainDraws = 1000;

std::vector<const Trial*> on_rung(const std::vector<Trial>& done, std::size_t rung) {
  std::vector<const Trial*> found;
  for (const Trial& trial : done) {
    if (trial.rung == rung) found.push_back(&trial);
  }
  return found;
}

double seconds(const std::vector<const Trial*>& trials) {
  double sum = 0;
  for (const Trial* trial : trials) sum += trial->seconds;
  return sum;
}

/// Best first; of equal ones the earlier point.
void sort_by_ndcg(std::vector<const Trial*>& trials) {
  std::sort(trials.begin(), trials.end(), [](const Trial* a, const Trial* b) {
    return a->ndcg != b->ndcg ? a->ndcg > b->ndcg : a->number < b->number;
  });
}

/// The points of the rung above those of `below`, number 0 first.
std::vector<std::size_t> promoted(std::vector<const Trial*> below, std::size_t reduction) {
  const std::size_t count = (below.size() + reduction - 1) / reduction;
  sort_by_ndcg(below);
  std::vector<std::size_t> numbers{0};
  for (const Trial* trial : below) {
    if (trial->number != 0 && numbers.size() <= count) numbers.push_back(trial->number);
  }
  return numbers;
}

}  // namespace

double share_of(const HalvingOptions& options, std::size_t rung) {
  return std::pow(static_cast<double>(options.reduction), -static_cast<double>(options.rungs - 1 - rung));
}

std::vector<SearchPoint> points_of(const HalvingOptions& options, const std::vector<SearchRange>& ranges,
                                   const Config& base) {
  std::vector<SearchPoint> points{{}};
  std::set<std::string> known{to_toml(base)};
  RandomStream random(options.seed);
  for (std::size_t vain = 0; points.size() <= options.max_points && vain < kVainDraws; ++vain) {
    SearchPoint point = draw_point(ranges, random);
    if (!known.insert(to_toml(at_point(base, point))).second) continue;
    points.push_back(std::move(point));
    vain = 0;
  }
  return points;
}

std::optional<NextTrial> next_trial(const HalvingOptions& options, const std::vector<Trial>& done) {
  double used = 0;
  std::vector<const Trial*> below;
  for (std::size_t rung = 0; rung < options.rungs; ++rung) {
    const std::vector<const Trial*> here = on_rung(done, rung);
    used += seconds(here);
    const double allowance =
        options.budget_seconds * static_cast<double>(rung + 1) / static_cast<double>(options.rungs);
    // What one more would take: as long as the others here, or as those below with more data.
    const std::vector<const Trial*>& like = here.empty() ? below : here;
    const double estimate = like.empty() ? 0
                                         : seconds(like) / static_cast<double>(like.size()) *
                                               (here.empty() ? static_cast<double>(options.reduction) : 1.0);
    const auto was_tried = [&](std::size_t number) {
      return std::any_of(here.begin(), here.end(),
                         [&](const Trial* trial) { return trial->number == number; });
    };
    // Number 0 and one rival are tried in any case: without them there is nothing to compare.
    const bool fits = here.size() < 2 || used + estimate <= allowance;
    if (fits) {
      if (rung == 0) {
        if (here.size() <= options.max_points) return NextTrial{here.size(), 0};
      } else {
        for (const std::size_t number : promoted(below, options.reduction)) {
          if (!was_tried(number)) return NextTrial{number, rung};
        }
      }
    }
    below = here;
  }
  return std::nullopt;
}

const Trial* best_trial(const std::vector<Trial>& done) {
  std::size_t highest = 0;
  for (const Trial& trial : done) {
    if (trial.number != 0) highest = std::max(highest, trial.rung);
  }
  std::vector<const Trial*> top = on_rung(done, highest);
  if (top.empty()) return nullptr;
  sort_by_ndcg(top);
  return top.front();
}

}  // namespace segue::index
