#include "index/model/content_features.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "index/input/fold.h"
#include "index/input/text_hash.h"

namespace segue::index {
namespace {

// Part of the format: a stored projection names buckets.
constexpr std::uint64_t kHashSeed = 0x5e60e;

/// Collects buckets; the kind keeps a word, a trigram and an attribute of the same letters apart.
class Buckets {
 public:
  void add(char kind, std::string_view text) {
    buffer_.assign(1, kind);
    buffer_.append(text);
    found_.push_back(static_cast<std::uint32_t>(text_hash(buffer_, kHashSeed) % ContentFeatures::kBuckets));
  }

  void add_words(std::string_view text) {
    const std::string folded = fold(text);
    std::string_view rest = folded;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      add('w', rest.substr(0, end));
      add_trigrams(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  std::vector<ContentFeature> counted() && {
    std::sort(found_.begin(), found_.end());
    std::vector<ContentFeature> features;
    for (const std::uint32_t bucket : found_) {
      if (features.empty() || features.back().bucket != bucket) features.push_back({bucket, 0});
      ++features.back().count;
    }
    return features;
  }

 private:
  void add_trigrams(std::string_view word) {
    padded_.assign(1, ' ').append(word).append(1, ' ');
    starts_.clear();
    for (std::size_t i = 0; i < padded_.size(); ++i) {
      // Bytes 10xxxxxx continue a code point of UTF-8, which fold() always gives.
      if ((static_cast<unsigned char>(padded_[i]) & 0xc0) != 0x80) starts_.push_back(i);
    }
    starts_.push_back(padded_.size());
    for (std::size_t i = 0; i + 3 < starts_.size(); ++i) {
      add('t', std::string_view(padded_).substr(starts_[i], starts_[i + 3] - starts_[i]));
    }
  }

  std::vector<std::uint32_t> found_;
  std::string buffer_, padded_;
  std::vector<std::size_t> starts_;
};

struct AttributeFeatures {
  Buckets& buckets;
  const std::string& name;
  const ContentFeatures::Bounds& bounds;

  void operator()(const std::string& text) const {
    if (const std::string folded = fold(text); !folded.empty()) buckets.add('a', name + "=" + folded);
  }
  void operator()(bool flag) const { buckets.add('a', name + (flag ? "=true" : "=false")); }
  void operator()(const std::vector<std::string>& list) const {
    for (const std::string& entry : list) (*this)(entry);
  }
  void operator()(double number) const {
    const auto known = bounds.find(name);
    if (known == bounds.end()) return;
    const auto place = std::upper_bound(known->second.begin(), known->second.end(), number);
    buckets.add('n', name + "=" + std::to_string(place - known->second.begin()));
  }
};

}  // namespace

ContentFeatures ContentFeatures::of(const Catalogue& catalogue) {
  std::map<std::string, std::vector<double>, std::less<>> values;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    const Item item = catalogue.item(i);
    for (const auto& [name, value] : item.attributes) {
      if (const auto* number = std::get_if<double>(&value)) values[name].push_back(*number);
    }
  }
  for (auto& [name, numbers] : values) {
    std::sort(numbers.begin(), numbers.end());
    std::vector<double> inner;
    for (std::size_t i = 1; i < kIntervals; ++i) inner.push_back(numbers[numbers.size() * i / kIntervals]);
    // Where one value fills several shares there are fewer intervals; the smallest value needs no bound.
    inner.erase(std::unique(inner.begin(), inner.end()), inner.end());
    if (inner.front() == numbers.front()) inner.erase(inner.begin());
    numbers = std::move(inner);
  }
  return ContentFeatures(std::move(values));
}

std::vector<ContentFeature> ContentFeatures::of_item(const Item& item) const {
  Buckets buckets;
  buckets.add_words(item.title);
  buckets.add_words(item.text);
  for (const auto& [name, value] : item.attributes) {
    std::visit(AttributeFeatures{buckets, name, bounds_}, value);
  }
  return std::move(buckets).counted();
}

std::vector<ContentFeature> ContentFeatures::of_id(std::string_view id) {
  constexpr std::size_t kMostDigits = 18;  // that fit the integer
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto begin = std::find_if(id.begin(), id.end(), is_digit);
  const auto digits = static_cast<std::size_t>(std::find_if_not(begin, id.end(), is_digit) - begin);
  if (digits == 0 || digits > kMostDigits) return {};
  const auto first = static_cast<std::size_t>(begin - id.begin());
  const std::string series = std::string(id.substr(0, first)) + '\0' + std::to_string(digits);
  const std::uint64_t number = std::stoull(std::string(id.substr(first, digits)));
  Buckets buckets;
  for (const std::uint64_t interval : {4u, 16u, 64u}) {
    for (const std::uint64_t offset : {std::uint64_t{0}, interval / 2}) {
      buckets.add('i', series + '/' + std::to_string(interval) + '+' + std::to_string(offset) + '=' +
                           std::to_string((number + offset) / interval));
    }
  }
  return std::move(buckets).counted();
}

std::vector<ContentFeature> ContentFeatures::of_text(std::string_view text) const {
  Buckets buckets;
  buckets.add_words(text);
  return std::move(buckets).counted();
}

}  // namespace segue::index
