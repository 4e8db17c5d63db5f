#include "query/lucene/leaf.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "index/text/gallop.h"

namespace segue::query {

using index::ItemId;
using index::kNoItem;

std::vector<TermScore> Leaf::explain(ItemId, double) const {
  return {};
}
bool Leaf::add_to_disjunction(double, std::vector<index::WeightedPostings>&) const {
  return false;
}

namespace {

// Walks a list whose entries are in rising order of items; Score gives the score of a position.
template <class List, class Item, class Score>
class ListCursor : public Cursor {
 public:
  ListCursor(const List& list, Item item, Score score) : list_(list), item_(item), score_(std::move(score)) {}

  ItemId seek(ItemId target) override {
    at_ = index::gallop(list_, at_, target, item_);
    return at_ < list_.size() ? std::invoke(item_, list_[at_]) : kNoItem;
  }
  double score() const override { return score_(at_); }

 private:
  const List& list_;
  Item item_;
  Score score_;
  std::size_t at_ = 0;
};

template <class List, class Item, class Score>
std::unique_ptr<Cursor> make_list_cursor(const List& list, Item item, Score score) {
  return std::make_unique<ListCursor<List, Item, Score>>(list, item, std::move(score));
}

class TermsLeaf : public Leaf {
 public:
  explicit TermsLeaf(std::vector<BoostedTerm> terms) : terms_(std::move(terms)) {}

  std::unique_ptr<Cursor> cursor(double boost) const override {
    if (terms_.size() != 1) return std::make_unique<UnionCursor>(terms_, boost);
    const BoostedTerm& term = terms_.front();
    return make_list_cursor(
        term.postings->items, std::identity(), [&term, weight = weight(term, boost)](std::size_t at) {
          return weight * term.saturation(term.postings->frequency(at), term.postings->items[at]);
        });
  }

  std::vector<TermScore> explain(ItemId item, double boost) const override {
    std::vector<TermScore> scores;
    for (const BoostedTerm& term : terms_) {
      const std::vector<ItemId>& items = term.postings->items;
      const auto found = std::lower_bound(items.begin(), items.end(), item);
      if (found == items.end() || *found != item) continue;
      const double frequency = term.postings->frequency(static_cast<std::size_t>(found - items.begin()));
      scores.push_back({.field = term.field,
                        .term = term.text,
                        .frequency = frequency,
                        .document_frequency = term.postings->document_frequency,
                        .length = term.saturation.length(item),
                        .idf = term.idf,
                        .boost = boost * term.boost,
                        .score = weight(term, boost) * term.saturation(frequency, item)});
    }
    return scores;
  }

  bool add_to_disjunction(double boost, std::vector<index::WeightedPostings>& terms) const override {
    for (const BoostedTerm& term : terms_)
      terms.push_back({term.postings, term.saturation, weight(term, boost)});
    return true;
  }

 private:
  static double weight(const BoostedTerm& term, double boost) { return boost * term.boost * term.idf; }

  class UnionCursor : public Cursor {
   public:
    UnionCursor(const std::vector<BoostedTerm>& terms, double boost)
        : terms_(terms), boost_(boost), at_(terms.size(), 0) {}

    ItemId seek(ItemId target) override {
      current_ = kNoItem;
      for (std::size_t t = 0; t < terms_.size(); ++t) {
        const std::vector<ItemId>& items = terms_[t].postings->items;
        at_[t] = index::gallop(items, at_[t], target);
        if (at_[t] < items.size()) current_ = std::min(current_, items[at_[t]]);
      }
      return current_;
    }
    double score() const override {
      double sum = 0;
      for (std::size_t t = 0; t < terms_.size(); ++t) {
        const index::Postings& postings = *terms_[t].postings;
        if (at_[t] == postings.items.size() || postings.items[at_[t]] != current_) continue;
        sum += weight(terms_[t], boost_) * terms_[t].saturation(postings.frequency(at_[t]), current_);
      }
      return sum;
    }

   private:
    const std::vector<BoostedTerm>& terms_;
    double boost_;
    std::vector<std::size_t> at_;
    ItemId current_ = kNoItem;
  };

  std::vector<BoostedTerm> terms_;
};

class PhraseLeaf : public Leaf {
 public:
  PhraseLeaf(std::vector<index::PhraseMatch> matches, PhraseStatistics statistics)
      : matches_(std::move(matches)), statistics_(std::move(statistics)) {}

  std::unique_ptr<Cursor> cursor(double boost) const override {
    return make_list_cursor(matches_, &index::PhraseMatch::item, [this, boost](std::size_t at) {
      return boost * statistics_.idf * statistics_.saturation(matches_[at].frequency, matches_[at].item);
    });
  }

  std::vector<TermScore> explain(ItemId item, double boost) const override {
    const auto found = std::partition_point(
        matches_.begin(), matches_.end(), [&](const index::PhraseMatch& match) { return match.item < item; });
    if (found == matches_.end() || found->item != item) return {};
    return {{.field = statistics_.field,
             .term = statistics_.text,
             .frequency = found->frequency,
             .document_frequency = statistics_.document_frequency,
             .length = statistics_.saturation.length(item),
             .idf = statistics_.idf,
             .boost = boost,
             .score = boost * statistics_.idf * statistics_.saturation(found->frequency, item)}};
  }

 private:
  std::vector<index::PhraseMatch> matches_;
  PhraseStatistics statistics_;
};

class PostingsLeaf : public Leaf {
 public:
  explicit PostingsLeaf(index::SharedPostings postings) : postings_(std::move(postings)) {}
  std::unique_ptr<Cursor> cursor(double boost) const override {
    return make_list_cursor(postings_->items, std::identity(), [boost](std::size_t) { return boost; });
  }

 private:
  index::SharedPostings postings_;
};

class SetLeaf : public Leaf {
 public:
  explicit SetLeaf(index::ItemSet items) : items_(std::move(items)) {}
  std::unique_ptr<Cursor> cursor(double boost) const override {
    return std::make_unique<SetCursor>(items_, boost);
  }

 private:
  class SetCursor : public Cursor {
   public:
    SetCursor(const index::ItemSet& items, double boost) : items_(items), boost_(boost) {}
    ItemId seek(ItemId target) override {
      if (target >= items_.size()) return kNoItem;
      const std::span<const std::uint64_t> words = items_.words();
      std::size_t word = target / 64;
      std::uint64_t bits = words[word] & ~0ull << target % 64;
      while (bits == 0) {
        if (++word == words.size()) return kNoItem;
        bits = words[word];
      }
      return static_cast<ItemId>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
    }
    double score() const override { return boost_; }

   private:
    const index::ItemSet& items_;
    double boost_;
  };

  index::ItemSet items_;
};

class AllItemsLeaf : public Leaf {
 public:
  explicit AllItemsLeaf(std::size_t size) : size_(size) {}
  std::unique_ptr<Cursor> cursor(double boost) const override {
    return std::make_unique<AllCursor>(size_, boost);
  }

 private:
  class AllCursor : public Cursor {
   public:
    AllCursor(std::size_t size, double boost) : size_(size), boost_(boost) {}
    ItemId seek(ItemId target) override { return target < size_ ? target : kNoItem; }
    double score() const override { return boost_; }

   private:
    std::size_t size_;
    double boost_;
  };

  std::size_t size_;
};

class ScoredLeaf : public Leaf {
 public:
  explicit ScoredLeaf(std::span<const index::ScoredItem> items) : items_(items) {}
  std::unique_ptr<Cursor> cursor(double boost) const override {
    return make_list_cursor(
        items_, [](const index::ScoredItem& entry) { return entry.item; },
        [this, boost](std::size_t at) { return boost * items_[at].score; });
  }

 private:
  std::span<const index::ScoredItem> items_;
};

}  // namespace

SharedLeaf make_terms_leaf(std::vector<BoostedTerm> terms) {
  return std::make_shared<TermsLeaf>(std::move(terms));
}
SharedLeaf make_phrase_leaf(std::vector<index::PhraseMatch> matches, PhraseStatistics statistics) {
  return std::make_shared<PhraseLeaf>(std::move(matches), std::move(statistics));
}
SharedLeaf make_constant_leaf(index::SharedPostings postings) {
  return std::make_shared<PostingsLeaf>(std::move(postings));
}
SharedLeaf make_constant_leaf(index::ItemSet items) {
  return std::make_shared<SetLeaf>(std::move(items));
}
SharedLeaf make_all_items_leaf(std::size_t size) {
  return std::make_shared<AllItemsLeaf>(size);
}
SharedLeaf make_scored_leaf(std::span<const index::ScoredItem> items) {
  return std::make_shared<ScoredLeaf>(items);
}
SharedLeaf make_empty_leaf() {
  return make_scored_leaf({});
}

}  // namespace segue::query
