// The part of make_plan() that is about what is kept.
#include <fmt/format.h>
#include <sys/stat.h>

#include "seal/key_file.h"
#include "server/options.h"

namespace parley::server {
namespace {

// What was sealed once opens also where nothing is sealed any more.
bool open_keys(const Options& options, Plan& plan, std::string& error) {
    const std::string own_keys = options.data_folder + "/seal.key";
    const std::string marks = options.data_folder + "/seal.marks";
    if (!options.sealing.on && !seal::has_marks(marks)) return true;
    const bool own = options.sealing.key_file.empty();
    struct stat about {};
    if (own && ::stat(own_keys.c_str(), &about) != 0) {
        if (seal::has_marks(marks)) {
            error = fmt::format(
                "{} is gone, and with it what opens what was sealed: bring it back, or name where "
                "it is with --seal-key FILE",
                own_keys);
            return false;
        }
        if (!seal::make_key_file(own_keys, error)) return false;
    }
    seal::KeyRing keys;
    if (!seal::load_keys(own ? own_keys : options.sealing.key_file, keys, error)) return false;
    if (!seal::check_marks(marks, keys, error)) return false;
    plan.keys = std::move(keys);
    return true;
}

}  // namespace

bool plan_keeping(const Options& options, Plan& plan, std::string& error) {
    const Recording& recording = options.recording;
    if (recording.what != Recording::What::none && options.data_folder.empty()) {
        error = "recordings need a folder: name one with --data FOLDER, or say --record none";
        return false;
    }
    plan.seals = options.sealing.on;
    const bool keeps =
        recording.what != Recording::What::none || plan.store.kind != store::Where::Kind::memory;
    if (options.data_folder.empty() || options.handler != nullptr || !keeps) return true;
    plan.place = record::Place{options.data_folder + "/recordings"};
    if (recording.what == Recording::What::none) return true;
    RecordOptions& record = plan.record.emplace();
    record.archive.folder = options.data_folder + "/recordings";
    record.archive.seals = plan.seals;
    record.archive.durable = recording.sync != Recording::Sync::never;
    if (recording.keep.count() > 0) record.archive.keep = recording.keep;
    record.archive.bytes_max = recording.bytes_max;
    if (recording.what == Recording::What::groups) {
        record.selection = {record::Selection::What::listed, recording.groups};
    }
    switch (recording.sync) {
        case Recording::Sync::every_second:
            record.sync = record::Sync::every_second;
            break;
        case Recording::Sync::at_end:
            record.sync = record::Sync::at_end;
            break;
        case Recording::Sync::never:
            record.sync = record::Sync::never;
            break;
    }
    return true;
}

bool prepare_keeping(const Options& options, Plan& plan, std::string& error) {
    if (!plan.place) return true;
    if (!make_data_folder(options.data_folder, error) || !open_keys(options, plan, error)) {
        return false;
    }
    if (!plan.keys) return true;
    plan.place->keys = &*plan.keys;
    if (plan.record) plan.record->archive.keys = &*plan.keys;
    return true;
}

}  // namespace parley::server
