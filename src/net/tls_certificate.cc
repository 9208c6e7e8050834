#include "net/tls_certificate.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <system_error>

#include "net/openssl.h"

namespace parley::net::tls {

struct Certificate::Parts {
    CertificateHandle leaf;
    ChainHandle chain;
    KeyHandle key;
    std::string source;  // for sentences about it
};

namespace {

constexpr long self_signed_seconds = 365L * 24 * 3600;

// A key with a passphrase is refused: nobody is there to type it.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

BioHandle open_file(const std::string& path, std::string& error) {
    struct stat there {};
    if (stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
        error = "'" + path + "' is no file that could be read whole: name a regular file";
        return nullptr;
    }
    BioHandle file{BIO_new_file(path.c_str(), "r")};
    if (!file) {
        const int reason = errno;
        ERR_clear_error();
        error = "cannot read '" + path + "': " + std::generic_category().message(reason) +
                "; it must be there and readable for the user that runs the server";
    }
    return file;
}

std::string lower(std::string_view text) {
    std::string made{text};
    std::ranges::transform(made, made.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return made;
}

std::vector<std::string> names_of(const X509* leaf) {
    std::vector<std::string> found;
    const NamesHandle names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr))};
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS) continue;
        const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
        const auto size = static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName));
        found.push_back(lower({text, size}));
    }
    return found;
}

bool add_extension(X509* leaf, int id, const char* value) {
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    if (made == nullptr) return false;
    const bool added = X509_add_ext(leaf, made, -1) == 1;
    X509_EXTENSION_free(made);
    return added;
}

bool fill_self_signed(X509* leaf, EVP_PKEY* key, const std::string& names) {
    std::array<unsigned char, 8> serial{};
    if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
    serial[0] &= 0x7f;  // positive
    std::uint64_t number = 0;
    for (const unsigned char each : serial)
        number = number << 8 | each;
    X509_NAME* name = X509_get_subject_name(leaf);
    const auto* title = reinterpret_cast<const unsigned char*>("Parley, for development");
    return X509_set_version(leaf, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(leaf), number) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(leaf), -3600) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(leaf), self_signed_seconds) != nullptr &&
           X509_set_pubkey(leaf, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, title, -1, -1, 0) == 1 &&
           X509_set_issuer_name(leaf, name) == 1 &&
           add_extension(leaf, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(leaf, NID_ext_key_usage, "serverAuth") &&
           add_extension(leaf, NID_subject_alt_name, names.c_str()) &&
           X509_sign(leaf, key, EVP_sha256()) > 0;
}

}  // namespace

Certificate::Certificate(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)), names_(names_of(parts_->leaf.get())) {}

Certificate::~Certificate() = default;

std::unique_ptr<Certificate> Certificate::load(const Files& files, std::string& error) {
    auto parts = std::make_unique<Parts>();
    parts->source = files.certificate;
    const BioHandle certificate = open_file(files.certificate, error);
    if (!certificate) return nullptr;
    parts->leaf.reset(PEM_read_bio_X509(certificate.get(), nullptr, no_passphrase, nullptr));
    if (!parts->leaf) {
        error = "'" + files.certificate + "' holds no certificate in PEM (" + last_reason() +
                "): name the file that begins with -----BEGIN CERTIFICATE-----";
        return nullptr;
    }
    parts->chain.reset(sk_X509_new_null());
    while (X509* next = PEM_read_bio_X509(certificate.get(), nullptr, no_passphrase, nullptr))
        sk_X509_push(parts->chain.get(), next);
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string chain_reason = last_reason();
    if (!at_end) {
        error = "'" + files.certificate + "' is damaged behind its first certificate (" +
                chain_reason + "): write certificate and chain anew";
        return nullptr;
    }

    const BioHandle key = open_file(files.key, error);
    if (!key) return nullptr;
    parts->key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, no_passphrase, nullptr));
    if (!parts->key) {
        error = "'" + files.key + "' holds no private key in PEM that can be read (" +
                last_reason() +
                "); one with a passphrase must be decrypted first: openssl pkey -in FILE -out FILE";
        return nullptr;
    }
    if (X509_check_private_key(parts->leaf.get(), parts->key.get()) != 1) {
        error = "the key in '" + files.key + "' does not belong to the certificate in '" +
                files.certificate + "' (" + last_reason() +
                "): name the two that were made together";
        return nullptr;
    }
    return std::unique_ptr<Certificate>{new Certificate(std::move(parts))};
}

std::unique_ptr<Certificate> Certificate::self_signed(const std::string& host, std::string& error) {
    std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
    const bool is_another = host != "127.0.0.1" && host != "::1";
    if (is_another && !host.empty()) names += ",IP:" + host;
    auto parts = std::make_unique<Parts>();
    parts->source = "the self-signed certificate";
    parts->key.reset(EVP_EC_gen("P-256"));
    parts->leaf.reset(X509_new());
    parts->chain.reset(sk_X509_new_null());
    if (!parts->key || !parts->leaf ||
        !fill_self_signed(parts->leaf.get(), parts->key.get(), names)) {
        error = "cannot make a self-signed certificate: " + last_reason();
        return nullptr;
    }
    return std::unique_ptr<Certificate>{new Certificate(std::move(parts))};
}

std::string Certificate::fingerprint() const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(parts_->leaf.get(), EVP_sha256(), digest.data(), &size);
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        if (i > 0) text += ':';
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

std::string Certificate::expires() const {
    const BioHandle memory{BIO_new(BIO_s_mem())};
    ASN1_TIME_print(memory.get(), X509_get0_notAfter(parts_->leaf.get()));
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string Certificate::warning() const {
    if (X509_cmp_current_time(X509_get0_notAfter(parts_->leaf.get())) < 0) {
        return "the certificate in '" + parts_->source + "' has expired (" + expires() +
               "): clients will refuse it until it is renewed";
    }
    if (X509_cmp_current_time(X509_get0_notBefore(parts_->leaf.get())) > 0) {
        return "the certificate in '" + parts_->source +
               "' is not valid yet: clients will refuse it until then (is this clock right?)";
    }
    return {};
}

x509_st* Certificate::leaf() const noexcept {
    return parts_->leaf.get();
}

void* Certificate::chain() const noexcept {
    return parts_->chain.get();
}

evp_pkey_st* Certificate::key() const noexcept {
    return parts_->key.get();
}

bool covers(std::string_view name, std::string_view host) noexcept {
    if (name == host) return !name.empty();
    if (!name.starts_with("*.")) return false;
    const std::size_t dot = host.find('.');
    return dot != 0 && dot != std::string_view::npos && host.substr(dot) == name.substr(1);
}

}  // namespace parley::net::tls
