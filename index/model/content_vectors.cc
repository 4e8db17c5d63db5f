#include "index/model/content_vectors.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "index/model/metadata.h"
#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {

namespace {

/// Empty when the item has none of the kind.
std::span<const float> given(const Item& item, std::string_view kind) {
  if (kind == kGivenVector) return item.vector;
  const auto found = item.vectors.find(kind);
  return found == item.vectors.end() ? std::span<const float>() : std::span<const float>(found->second);
}

/// How an error calls a vector of the kind.
std::string called(std::string_view kind) {
  return kind == kGivenVector ? "its vector" : "its vector of kind " + std::string(kind);
}

}  // namespace

std::vector<std::string> given_kinds(const Catalogue& catalogue) {
  std::set<std::string, std::less<>> kinds;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    const Item item = catalogue.item(i);
    if (!item.vector.empty()) kinds.emplace(kGivenVector);
    for (const auto& [kind, vector] : item.vectors) kinds.insert(kind);
  }
  return {kinds.begin(), kinds.end()};
}

ContentVectors ContentVectors::of(const Catalogue& catalogue, std::string_view kind) {
  auto vocabulary = std::make_shared<std::vector<std::int32_t>>();
  auto vectors = std::make_shared<std::vector<float>>();
  std::string first;  // the id of the first item that has one
  std::size_t dimension = 0;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    const Item item = catalogue.item(i);
    const std::span<const float> vector = given(item, kind);
    if (vector.empty()) continue;
    if (first.empty()) {
      first = item.id;
      dimension = vector.size();
    }
    if (vector.size() != dimension) {
      throw Error(ErrorKind::kBadInput,
                  called(kind) + " has " + std::to_string(vector.size()) + " values, that of item " +
                      first + " has " + std::to_string(dimension),
                  "item " + item.id, "give all items vectors of one model");
    }
    if (!std::all_of(vector.begin(), vector.end(), [](float x) { return std::isfinite(x); })) {
      throw Error(ErrorKind::kBadInput, called(kind) + " holds a value that is not finite",
                  "item " + item.id);
    }
    vocabulary->push_back(static_cast<std::int32_t>(i));
    vectors->insert(vectors->end(), vector.begin(), vector.end());
  }
  ContentVectors content;
  content.vocabulary_ = *vocabulary;
  content.vectors_ = {vectors->data(), vocabulary->size(), dimension};
  content.own_vocabulary_ = std::move(vocabulary);
  content.own_vectors_ = std::move(vectors);
  return content;
}

ContentVectors ContentVectors::open(const std::filesystem::path& file, std::size_t item_count) {
  const auto tensors = Safetensors::open(file);
  ContentVectors content;
  content.vocabulary_ = vocabulary_tensor(*tensors, "vocabulary", item_count);
  const StoredMatrix stored = StoredMatrix::open(tensors, "vectors");
  if (stored.rows() != content.vocabulary_.size())
    refuse(*tensors, "vectors has not one row per item of the vocabulary");
  content.file_ = tensors;
  if (stored.storage() == Storage::kFp32) {
    content.vectors_ = {stored.floats().data(), stored.rows(), stored.cols()};
  } else {
    auto floats = std::make_shared<std::vector<float>>(stored.rows() * stored.cols());
    const kernels::Matrix vectors(floats->data(), stored.rows(), stored.cols());
    stored.copy_rows(0, vectors);
    content.vectors_ = vectors;
    content.own_vectors_ = std::move(floats);
  }
  return content;
}

void ContentVectors::save(const std::filesystem::path& file, Storage storage) const {
  SafetensorsWriter writer;
  writer.add("vocabulary", {vocabulary_.size()}, vocabulary_);
  StoredMatrix::of(vectors_, storage).add_to(writer, "vectors");
  writer.write(file);
}

}  // namespace segue::index
