#include "index/text/text_index.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "index/text/text_index_impl.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr FieldType kTypes[] = {FieldType::kText, FieldType::kString, FieldType::kNumber,
                                FieldType::kBoolean};

[[noreturn]] void damaged(const std::filesystem::path& file, std::string_view what) {
  throw Error(ErrorKind::kDamagedStore, what, file.string(), "verify the store, roll back or reindex");
}

nlohmann::json read_fields_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) damaged(file, "cannot be read");
  nlohmann::json json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object() || !json.value("format", nlohmann::json()).is_number_integer() ||
      !json.value("analyzer", nlohmann::json()).is_string() ||
      !json.value("fields", nlohmann::json()).is_object()) {
    damaged(file, "is not a description of a text index");
  }
  if (json["format"] > kFieldsFormat) damaged(file, "was written by a newer version");
  return json;
}

FieldType parse_type(const nlohmann::json& value, const std::filesystem::path& file) {
  for (const FieldType type : kTypes) {
    if (value.is_string() && value.get_ref<const std::string&>() == name_of(type)) return type;
  }
  damaged(file, "has a field of an unknown type");
}

// Sums are whole numbers, so that the average does not depend on the order of addition.
FieldStatistics statistics_of(std::span<const std::int32_t> lengths, const ItemSet& countable) {
  FieldStatistics statistics;
  statistics.documents = countable.count();
  std::int64_t sum = 0;
  for (ItemId i = 0; i < lengths.size(); ++i) sum += countable.contains(i) ? lengths[i] : 0;
  if (statistics.documents > 0) {
    statistics.average_length = static_cast<double>(sum) / static_cast<double>(statistics.documents);
  }
  return statistics;
}

}  // namespace

std::string_view name_of(FieldType type) {
  switch (type) {
    case FieldType::kText:
      return "text";
    case FieldType::kNumber:
      return "number";
    case FieldType::kBoolean:
      return "boolean";
    case FieldType::kString:
      break;
  }
  return "string";
}

bool is_reserved_field(std::string_view name) {
  return name == kDefaultField || name == kTitleField || name == kTextField || name == kIdField ||
         name == kKindField;
}

TextIndex::Impl::Impl(const std::filesystem::path& directory, const Catalogue& catalogue,
                      const TextIndexOptions& options)
    : countable(catalogue.searchable()), reader(directory), cache(options.postings_cache_bytes) {
  if (reader.size() != catalogue.size())
    damaged(directory, "the text index has another number of items than the catalogue");
  const std::filesystem::path fields_file = directory / kFieldsFile;
  const nlohmann::json json = read_fields_file(fields_file);
  analyzer_name = json["analyzer"].get<std::string>();
  try {
    analyzer = &Analyzer::named(analyzer_name);
  } catch (const Error& error) {
    damaged(fields_file, error.what());
  }
  lengths = Safetensors::open(directory / kLengthsFile);
  for (const auto& [name, type] : json["fields"].items()) {
    types[name] = parse_type(type, fields_file);
    if (types[name] != FieldType::kText) continue;
    const std::span<const std::int32_t> tokens = lengths->i32(name);
    if (tokens.size() != catalogue.size())
      damaged(lengths->file(), "has another number of items than the catalogue");
    text_fields[name] = {tokens, statistics_of(tokens, countable)};
  }
  for (const std::string_view field : {kDefaultField, kTitleField, kTextField}) {
    if (!text_fields.contains(field)) damaged(fields_file, "lacks the field " + std::string(field));
  }
}

const TextIndex::Impl::TextField& TextIndex::Impl::text_field(std::string_view field) const {
  const auto found = text_fields.find(field);
  if (found == text_fields.end()) throw std::invalid_argument("not a text field: " + std::string(field));
  return found->second;
}

SharedPostings TextIndex::Impl::postings(std::string_view field, std::string_view term) const {
  // No field's name holds a NUL that could make two keys equal: names are JSON keys of the catalogue, ended
  // here by their length.
  std::string key = std::to_string(field.size());
  key.append(":").append(field).append(term);
  if (SharedPostings known = cache.find(key)) return known;
  const auto text = text_fields.find(field);
  auto decoded =
      std::make_shared<Postings>(reader.postings(field, term, text != text_fields.end(), countable));
  if (text != text_fields.end() && !decoded->items.empty()) {
    decoded->max_frequency = *std::max_element(decoded->frequencies.begin(), decoded->frequencies.end());
    decoded->min_length = std::numeric_limits<std::int32_t>::max();
    for (const ItemId item : decoded->items)
      decoded->min_length = std::min(decoded->min_length, text->second.lengths[item]);
  }
  cache.insert(key, decoded);
  return decoded;
}

WeightedPostings TextIndex::Impl::weighted(std::string_view field, std::string_view term, double boost,
                                           Bm25Parameters parameters) const {
  const TextField& text = text_field(field);
  WeightedPostings result;
  result.postings = postings(field, term);
  result.saturation = Bm25Saturation(text.lengths, text.statistics, parameters);
  result.weight = boost * bm25_idf(text.statistics.documents, result.postings->document_frequency);
  return result;
}

TextIndex::TextIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextIndex::~TextIndex() = default;

std::unique_ptr<TextIndex> TextIndex::open(const std::filesystem::path& directory, const Catalogue& catalogue,
                                           const TextIndexOptions& options) {
  return std::unique_ptr<TextIndex>(new TextIndex(std::make_unique<Impl>(directory, catalogue, options)));
}

std::size_t TextIndex::size() const {
  return impl_->countable.size();
}
const std::string& TextIndex::analyzer() const {
  return impl_->analyzer_name;
}

const FieldType* TextIndex::field_type(std::string_view field) const {
  const auto found = impl_->types.find(field);
  return found == impl_->types.end() ? nullptr : &found->second;
}

std::vector<std::string> TextIndex::fields() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : impl_->types) names.push_back(name);
  return names;
}

std::span<const std::int32_t> TextIndex::lengths(std::string_view field) const {
  return impl_->text_field(field).lengths;
}

FieldStatistics TextIndex::statistics(std::string_view field) const {
  return impl_->text_field(field).statistics;
}

std::vector<std::string> TextIndex::analyze(std::string_view text) const {
  std::vector<std::string> words;
  for (Token& token : impl_->analyzer->tokens(text)) words.push_back(std::move(token.text));
  return words;
}

std::vector<ScoredItem> TextIndex::score_words(std::span<const WeightedToken> tokens, std::string_view field,
                                               std::size_t k, const ItemSet* allowed,
                                               Bm25Parameters parameters) const {
  std::vector<WeightedPostings> terms;
  terms.reserve(tokens.size());
  for (const WeightedToken& token : tokens) {
    WeightedPostings term = impl_->weighted(field, token.token, token.weight, parameters);
    if (!term.postings->items.empty()) terms.push_back(std::move(term));
  }
  return rank_disjunction(terms, size(), allowed, k, false).items;
}

}  // namespace segue::index
