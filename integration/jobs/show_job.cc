#include "integration/jobs/show_job.h"

#include <algorithm>
#include <iterator>
#include <variant>

#include "index/model/item_neighbours.h"
#include "index/model/popularity.h"
#include "index/model/transitions.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

using index::ItemId;

/// An attribute as "name=value" texts, one for each value of a list.
void append_attribute(std::vector<std::string>& texts, const std::string& name,
                      const index::AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) texts.push_back(name + "=" + *text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& entry : *list) texts.push_back(name + "=" + entry);
  }
}

/// Sorted texts of an item's attributes. Numbers are left out: equal prices say little.
std::vector<std::string> attribute_texts(const index::Item& item) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : item.attributes) append_attribute(texts, name, value);
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> sorted_words(const index::Snapshot& snapshot, ItemId item) {
  std::vector<std::string> words = snapshot.text().analyze(snapshot.catalogue().title(item));
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::vector<std::string> common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

std::string measure_of(const index::VectorIndex& vectors) {
  switch (vectors.metric()) {
    case index::Metric::kCosine:
      return "cosine";
    case index::Metric::kInnerProduct:
      return "inner product";
    case index::Metric::kL2:
      break;
  }
  return "minus squared distance";
}

/// The `size` nearest other items by their vectors.
std::vector<index::ScoredItem> nearest(const index::VectorIndex& vectors, ItemId item, std::size_t size) {
  std::vector<index::ScoredItem> found = vectors.search(vectors.vector(item), size + 1);
  std::erase_if(found, [&](const index::ScoredItem& entry) { return entry.item == item; });
  if (found.size() > size) found.resize(size);
  return found;
}

RelatedByModel related(const index::Snapshot& snapshot, ItemId item, std::string model, std::string measure,
                       const std::vector<index::ScoredItem>& found) {
  RelatedByModel result{std::move(model), std::move(measure), {}};
  const std::vector<std::string> words = sorted_words(snapshot, item);
  const std::vector<std::string> attributes = attribute_texts(snapshot.catalogue().item(item));
  for (const index::ScoredItem& entry : found) {
    result.items.push_back({entry.item, entry.score, common(words, sorted_words(snapshot, entry.item)),
                            common(attributes, attribute_texts(snapshot.catalogue().item(entry.item))), 0});
  }
  return result;
}

void count_events(const index::Snapshot& snapshot, ItemPortrait& portrait) {
  const auto* popularity = dynamic_cast<const index::Popularity*>(snapshot.model("popularity"));
  const index::Catalogue& catalogue = snapshot.catalogue();
  const index::ItemSet& group =
      catalogue.is_query(portrait.item) ? catalogue.queries() : catalogue.searchable();
  portrait.of_items = group.count();
  if (popularity == nullptr) return;
  const float events = popularity->counts()[portrait.item];
  portrait.events = events;
  if (!(events > 0)) return;
  portrait.rank = 1;
  for (ItemId other = 0; other < catalogue.size(); ++other)
    portrait.rank += group.contains(other) && popularity->counts()[other] > events ? 1 : 0;
}

}  // namespace

ItemPortrait portrait_of(const index::Snapshot& snapshot, std::string_view id, std::size_t size) {
  ItemPortrait portrait;
  portrait.item = snapshot.catalogue().find(id);
  if (portrait.item == index::kNoItem) {
    throw Error(ErrorKind::kBadInput,
                "there is no item `" + std::string(id) + "` in snapshot " + snapshot.id(), {},
                "ids are compared byte by byte; `segue search WORDS` shows ids");
  }
  count_events(snapshot, portrait);
  for (const auto& [name, model] : snapshot.manifest().models) {
    const std::string title = index::model_title(name, model);
    if (const index::VectorIndex* vectors = snapshot.vectors(name);
        vectors != nullptr && vectors->contains(portrait.item)) {
      portrait.models.push_back(related(snapshot, portrait.item, title, measure_of(*vectors),
                                        nearest(*vectors, portrait.item, size)));
    } else if (const auto* transitions = dynamic_cast<const index::Transitions*>(snapshot.model(name));
               transitions != nullptr && transitions->knows(portrait.item)) {
      portrait.models.push_back(related(snapshot, portrait.item, title, "strength of what follows it",
                                        transitions->neighbours(portrait.item, size)));
    } else if (const auto* neighbours = dynamic_cast<const index::ItemNeighbours*>(snapshot.model(name));
               neighbours != nullptr && neighbours->knows(portrait.item)) {
      std::vector<index::ScoredItem> scored;
      const auto found = neighbours->neighbours(portrait.item, size);
      for (const index::ItemNeighbour& near : found) scored.push_back({near.item, near.similarity});
      portrait.models.push_back(
          related(snapshot, portrait.item, title, "likeness of the sessions that hold it", scored));
      for (std::size_t i = 0; i < found.size(); ++i)
        portrait.models.back().items[i].sequences = found[i].common;
    }
  }
  return portrait;
}

}  // namespace segue::integration
