// JSON: written by RapidJSON.
#include "client/json.h"

#include <fmt/format.h>

namespace parley::client {

JsonObject::JsonObject() : writer_(buffer_) {
    writer_.StartObject();
}

void JsonObject::add(std::string_view name, std::string_view text) {
    add_name(name);
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void JsonObject::add(std::string_view name, bool value) {
    add_name(name);
    writer_.Bool(value);
}

void JsonObject::add(std::string_view name, double value) {
    add_name(name);
    writer_.Double(value);
}

void JsonObject::add_integer(std::string_view name, std::int64_t value) {
    add_name(name);
    writer_.Int64(value);
}

void JsonObject::print() {
    writer_.EndObject();
    fmt::print("{}\n", std::string_view{buffer_.GetString(), buffer_.GetSize()});
}

void JsonObject::add_name(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
}

}  // namespace parley::client
