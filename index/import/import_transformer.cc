#include "index/import/import_transformer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "index/import/outside_tensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kMostHeads = 1024;
constexpr std::size_t kMostLayers = 256;

/// How a form calls its tensors, and which of its table's rows is the first item.
struct Naming {
  std::string_view items, positions;
  std::size_t first_row = 0;
  /// The file's name of a tensor that transformer_tensors() lists.
  std::string (*name_of)(const std::string& ours);
  /// A tensor of every block, by which blocks are counted; # is the block.
  std::string_view block_mark;
};

std::string same_name(const std::string& ours) {
  return ours;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (const std::size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// "blocks.1.attention.qkv.weight" is "attention_layers.1.in_proj_weight" in SASRec.pytorch.
std::string sasrec_name(const std::string& ours) {
  if (ours == "position_embedding.weight") return "pos_emb.weight";
  if (!ours.starts_with("blocks.")) return replaced(ours, "final_norm", "last_layernorm");
  const std::size_t dot = ours.find('.', 7);
  const std::string block = ours.substr(7, dot - 7);
  const std::string part = ours.substr(dot + 1);
  constexpr std::pair<std::string_view, std::string_view> kParts[] = {
      {"norm1.", "attention_layernorms.#."},
      {"attention.qkv.", "attention_layers.#.in_proj_"},
      {"attention.out.", "attention_layers.#.out_proj."},
      {"norm2.", "forward_layernorms.#."},
      {"feed_forward.up.", "forward_layers.#.conv1."},
      {"feed_forward.down.", "forward_layers.#.conv2."}};
  for (const auto& [prefix, theirs] : kParts) {
    if (part.starts_with(prefix))
      return replaced(std::string(theirs), "#", block) + part.substr(prefix.size());
  }
  return part;
}

constexpr Naming kOurs{"item_embedding.weight", "position_embedding.weight", 0, same_name,
                       "blocks.#.norm1.weight"};
constexpr Naming kSasrec{"item_emb.weight", "pos_emb.weight", 1, sasrec_name,
                         "attention_layernorms.#.weight"};

const Naming& naming_of(const OutsideTensors& file) {
  if (file.has(kOurs.items)) return kOurs;
  if (!file.has(kSasrec.items)) {
    file.refuse(
        "it has neither item_embedding.weight (a Transformer of ours) nor item_emb.weight (SASRec.pytorch)",
        "rename the tensors as docs/import-models.md shows");
  }
  if (file.metadata("format") != "sasrec") {
    file.refuse(
        "tensors named as in SASRec.pytorch, but the metadata `format` is \"" + file.metadata("format") +
            "\"",
        "revisions of that program compute differently under the same names: docs/import-models.md says "
        "which is read with format = \"sasrec\"");
  }
  return kSasrec;
}

float temperature_of(const OutsideTensors& file, TransformerForm form) {
  const std::string text = file.metadata("temperature");
  if (text.empty()) return form == TransformerForm::kSasrec ? 1.0f : TransformerConfig().temperature;
  float value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value <= 0)
    file.refuse("the metadata `temperature` is \"" + text + "\", not a positive number",
                "write it as \"0.07\"");
  return value;
}

/// Heads that pruning has left in each block, by the width of its output product; nothing where all are
/// there.
std::vector<std::size_t> layer_heads_of(const OutsideTensors& file, const Naming& naming,
                                        const TransformerConfig& config) {
  std::vector<std::size_t> heads;
  for (std::size_t b = 0; b < config.layers; ++b) {
    const std::vector<std::size_t>& out =
        file.shape(naming.name_of("blocks." + std::to_string(b) + ".attention.out.weight"));
    const std::size_t width = out.size() == 2 ? std::min(out[1], config.width) : config.width;
    heads.push_back(width / config.head_size());
  }
  const bool whole =
      std::all_of(heads.begin(), heads.end(), [&](std::size_t h) { return h == config.heads; });
  return whole ? std::vector<std::size_t>() : heads;
}

/// Files of snapshots have our names for either form.
TransformerForm form_of(const OutsideTensors& file, const Naming& naming) {
  if (&naming == &kSasrec) return TransformerForm::kSasrec;
  const std::string text = file.metadata("form");
  for (const TransformerForm form : {TransformerForm::kSegue, TransformerForm::kSasrec}) {
    if (text == to_string(form)) return form;
  }
  if (!text.empty())
    file.refuse("the metadata `form` is \"" + text + "\", a computation that this version lacks",
                "write \"segue\" or \"sasrec\", or leave it out: segue");
  return TransformerForm::kSegue;
}

TransformerConfig config_of(const OutsideTensors& file, const Naming& naming) {
  TransformerConfig config;
  config.form = form_of(file, naming);
  config.width = file.matrix_shape(naming.items).second;
  config.window = file.matrix_shape(naming.positions).first;
  config.heads = file.count_metadata("heads", kMostHeads);
  config.temperature = temperature_of(file, config.form);
  config.layers = 0;
  while (config.layers < kMostLayers &&
         file.has(replaced(std::string(naming.block_mark), "#", std::to_string(config.layers)))) {
    ++config.layers;
  }
  if (config.layers == 0)
    file.refuse("tensor " + replaced(std::string(naming.block_mark), "#", "0") + " is missing",
                "docs/import-models.md lists the names and shapes that are read");
  const std::string up = naming.name_of("blocks.0.feed_forward.up.weight");
  const std::vector<std::size_t>& up_shape = file.shape(up);
  if (up_shape.size() < 2 || up_shape[0] == 0)
    file.refuse("tensor " + up + " is no matrix", "see docs/import-models.md");
  config.feed_forward = up_shape[0];
  if (config.width % config.heads != 0) {
    file.refuse("the width " + std::to_string(config.width) + " is no multiple of the metadata `heads` (" +
                    std::to_string(config.heads) + ")",
                "write the number of heads that the model was trained with");
  }
  if (config.form == TransformerForm::kSegue) config.layer_heads = layer_heads_of(file, naming, config);
  return config;
}

/// What tensor `ours` looks like in the file: convolutions of size 1 have a third extent.
std::vector<std::size_t> shape_of(const TransformerTensor& tensor, const Naming& naming) {
  std::vector<std::size_t> shape = tensor.shape;
  if (&naming == &kSasrec && shape.size() == 2 && tensor.name.find("feed_forward") != std::string::npos)
    shape.push_back(1);
  return shape;
}

}  // namespace

ImportedTransformer import_transformer(const std::filesystem::path& path, const Catalogue& catalogue) {
  const OutsideTensors file(path);
  const Naming& naming = naming_of(file);
  const TransformerConfig config = config_of(file, naming);
  const std::vector<TransformerTensor> expected = transformer_tensors(config);
  std::vector<std::string> names{std::string(naming.items), "vocabulary"};
  for (const TransformerTensor& tensor : expected) names.push_back(naming.name_of(tensor.name));
  // Whose values of context these were, a file of weights does not say: they are left out.
  for (const char* table : {"context_in.weight", "context_out.weight"}) {
    if (&naming == &kOurs) names.emplace_back(table);
  }
  file.allow_only(names);
  for (const TransformerTensor& tensor : expected) file.shape(naming.name_of(tensor.name));

  const std::size_t rows = file.matrix_shape(naming.items).first;
  if (rows <= naming.first_row)
    file.refuse("tensor " + std::string(naming.items) + " has no row of an item", "export a trained model");
  const std::vector<std::string> ids = file.ids(rows - naming.first_row);
  std::vector<std::pair<ItemId, std::size_t>> known;  // item, row
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (const ItemId item = catalogue.find(ids[i]); item != kNoItem)
      known.emplace_back(item, i + naming.first_row);
  }
  if (known.empty())
    file.refuse("none of its " + std::to_string(ids.size()) + " ids is an item",
                "use the ids of items.jsonl");
  std::sort(known.begin(), known.end());

  std::vector<float> table(rows * config.width);
  file.read(naming.items, {rows, config.width}, table);
  std::vector<ItemId> vocabulary;
  for (const auto& [item, row] : known) vocabulary.push_back(item);
  ImportedTransformer imported{TransformerWeights(config, std::move(vocabulary)), ids.size() - known.size()};
  const kernels::Matrix items = imported.weights.items();
  for (std::size_t r = 0; r < known.size(); ++r)
    std::copy_n(table.data() + known[r].second * config.width, config.width, items.row(r));
  for (const TransformerTensor& tensor : expected) {
    file.read(naming.name_of(tensor.name), shape_of(tensor, naming),
              imported.weights.flat_body().subspan(tensor.offset, tensor.size));
  }
  return imported;
}

}  // namespace segue::index
