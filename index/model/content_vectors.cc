#include "index/model/content_vectors.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "index/model/metadata.h"
#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {

ContentVectors ContentVectors::of(const Catalogue& catalogue) {
  auto vocabulary = std::make_shared<std::vector<std::int32_t>>();
  auto vectors = std::make_shared<std::vector<float>>();
  const Item* first = nullptr;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    const Item& item = catalogue[i];
    if (item.vector.empty()) continue;
    if (first == nullptr) first = &item;
    if (item.vector.size() != first->vector.size()) {
      throw Error(ErrorKind::kBadInput,
                  "its vector has " + std::to_string(item.vector.size()) + " values, that of item " +
                      first->id + " has " + std::to_string(first->vector.size()),
                  "item " + item.id, "give all items vectors of one model");
    }
    if (!std::all_of(item.vector.begin(), item.vector.end(), [](float x) { return std::isfinite(x); })) {
      throw Error(ErrorKind::kBadInput, "its vector holds a value that is not finite", "item " + item.id);
    }
    vocabulary->push_back(static_cast<std::int32_t>(i));
    vectors->insert(vectors->end(), item.vector.begin(), item.vector.end());
  }
  ContentVectors content;
  content.vocabulary_ = *vocabulary;
  content.vectors_ = {vectors->data(), vocabulary->size(), first == nullptr ? 0 : first->vector.size()};
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
