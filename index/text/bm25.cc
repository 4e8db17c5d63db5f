#include "index/text/bm25.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "index/text/gallop.h"
#include "index/top_items.h"

namespace segue::index {

double bm25_idf(std::uint64_t documents, std::uint64_t document_frequency) {
  const auto n = static_cast<double>(documents);
  const auto df = static_cast<double>(document_frequency);
  return std::log(1 + (n - df + 0.5) / (df + 0.5));
}

namespace {

// Items are scored window by window: each term adds its share to accumulators that stay in the first-level
// cache.
constexpr ItemId kWindow = 2048;

/// MaxScore (Turtle and Flood 1995) by windows. Once k items are found, the terms whose bounds together stay
/// below the worst of them are optional: they can't bring an item in, so they are looked up only where the
/// others come near. Scores that count are always summed in the order of the terms, so that items alike score
/// alike to the last bit.
class Disjunction {
 public:
  Disjunction(std::span<const WeightedPostings> terms, const ItemSet* allowed, std::size_t k, bool count_all)
      : allowed_(allowed), count_all_(count_all), top_(k) {
    for (const WeightedPostings& term : terms) {
      by_bound_.push_back(terms_.size());
      terms_.push_back({&term, term.bound(), 0, 0, true});
      slack_ += 1e-12 * std::abs(term.weight);  // what rounding may do to a sum of bounds
    }
    std::sort(by_bound_.begin(), by_bound_.end(),
              [&](std::size_t a, std::size_t b) { return terms_[a].bound < terms_[b].bound; });
  }

  RankedItems run() {
    for (;;) {
      make_optional();
      ItemId next = kNoItem;
      for (const Cursor& term : terms_) {
        if (term.leads || count_all_) next = std::min(next, term.current());
      }
      if (next == kNoItem) break;
      base_ = next / kWindow * kWindow;
      for (Cursor& term : terms_) {
        term.probe = term.at;
        if (term.leads) {
          add_scores(term);
        } else if (count_all_) {
          add_presence(term);
        }
      }
      take_window();
    }
    result_.items = top_.take();
    return std::move(result_);
  }

 private:
  struct Cursor {
    const WeightedPostings* term;
    double bound;
    std::size_t at;     // behind the windows so far
    std::size_t probe;  // within the window, for look-ups of rising items
    bool leads;         // false: optional

    const std::vector<ItemId>& items() const { return term->postings->items; }
    ItemId current() const { return at < items().size() ? items()[at] : kNoItem; }
    double score(std::size_t position) const {
      return term->weight * term->saturation(term->postings->frequency(position), items()[position]);
    }
  };

  void make_optional() {
    while (optional_ < by_bound_.size()) {
      Cursor& term = terms_[by_bound_[optional_]];
      if (optional_bound_ + term.bound + slack_ > top_.floor()) break;
      optional_bound_ += term.bound;
      term.leads = false;
      ++optional_;
    }
  }

  void add_scores(Cursor& term) {
    const std::vector<ItemId>& items = term.items();
    for (; term.at < items.size() && items[term.at] - base_ < kWindow; ++term.at) {
      const ItemId slot = items[term.at] - base_;
      scores_[slot] += term.score(term.at);
      led_[slot / 64] |= 1ull << slot % 64;
    }
  }

  void add_presence(Cursor& term) {
    const std::vector<ItemId>& items = term.items();
    for (; term.at < items.size() && items[term.at] - base_ < kWindow; ++term.at) {
      const ItemId slot = items[term.at] - base_;
      present_[slot / 64] |= 1ull << slot % 64;
    }
  }

  void take_window() {
    for (std::size_t word = 0; word < led_.size(); ++word) {
      const std::uint64_t led = std::exchange(led_[word], 0);
      const std::uint64_t allowed = allowed_word(base_ / 64 + word);
      if (count_all_) {
        result_.total +=
            static_cast<std::size_t>(std::popcount((led | std::exchange(present_[word], 0)) & allowed));
      }
      for (std::uint64_t bits = led; bits != 0; bits &= bits - 1) {
        const auto slot = static_cast<ItemId>(word * 64) + static_cast<ItemId>(std::countr_zero(bits));
        const double score = std::exchange(scores_[slot], 0);
        if ((allowed >> slot % 64 & 1) == 0 || score + optional_bound_ + slack_ < top_.floor()) continue;
        top_.offer({base_ + slot, optional_ == 0 ? score : full_score(base_ + slot)});
      }
    }
  }

  std::uint64_t allowed_word(std::size_t word) const {
    if (allowed_ == nullptr) return ~0ull;
    return word < allowed_->words().size() ? allowed_->words()[word] : 0;
  }

  double full_score(ItemId item) {
    double sum = 0;
    for (Cursor& term : terms_) {
      term.probe = gallop(term.items(), term.probe, item);
      if (term.probe < term.items().size() && term.items()[term.probe] == item) sum += term.score(term.probe);
      if (!term.leads && !count_all_) term.at = term.probe;
    }
    return sum;
  }

  std::vector<Cursor> terms_;          // in the order of the sum
  std::vector<std::size_t> by_bound_;  // the first `optional_` of them are optional
  std::size_t optional_ = 0;
  double optional_bound_ = 0;
  double slack_ = 0;
  const ItemSet* allowed_;
  bool count_all_;
  TopItems top_;
  RankedItems result_;
  ItemId base_ = 0;
  std::array<double, kWindow> scores_{};
  std::array<std::uint64_t, kWindow / 64> led_{};      // slots that a leading term holds
  std::array<std::uint64_t, kWindow / 64> present_{};  // slots that an optional term holds
};

}  // namespace

RankedItems rank_disjunction(std::span<const WeightedPostings> terms, std::size_t size,
                             const ItemSet* allowed, std::size_t k, bool count_all) {
  return Disjunction(terms, allowed, std::min(k, size), count_all).run();
}

}  // namespace segue::index
