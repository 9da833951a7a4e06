# SPDX-License-Identifier: Apache-2.0
"""The codes that an observation may carry, each with its weight: what the stories of tests/zones may expect."""

CODES = {
    "name_missing": "blocks", "type_missing": "blocks", "other_value": "blocks", "name_doubled": "blocks", "name_misplaced": "blocks",
    "target_relative": "blocks", "target_is_url": "blocks", "target_is_address": "blocks", "alias_in_the_way": "blocks",
    "records_in_the_way": "blocks", "records_beside_alias": "risks", "old_address_beside": "blocks", "stale_aaaa": "risks",
    "mx_preference": "blocks", "mx_other_first": "blocks", "txt_quoted": "blocks", "txt_padded": "blocks", "txt_cut": "blocks",
    "txt_split": "blocks", "spf_twice": "blocks", "spf_part_missing": "blocks", "spf_too_many_lookups": "risks", "spf_invalid": "blocks",
    "dmarc_twice": "blocks", "dmarc_other": "blocks", "dkim_other_key": "blocks", "dkim_revoked": "blocks", "challenge_shadowed": "blocks",
    "challenge_stale": "blocks", "wildcard_answers": "blocks", "servers_disagree": "blocks", "serials_lag": "passes",
    # A fault of some servers only, while others agree, is a risk; of all, it blocks.
    "servers_refuse": "blocks/risks", "servers_fail": "blocks/risks", "servers_lame": "blocks/risks", "servers_silent": "blocks/risks",
    "servers_malformed": "blocks/risks", "servers_unreachable": "blocks/risks", "server_without_address": "risks/blocks",
    "server_address_private": "risks/blocks", "delegation_differs": "risks", "subzone_delegated": "blocks", "not_delegated_here": "blocks",
    "domain_unregistered": "blocks", "domain_expired": "blocks", "no_delegation": "blocks", "alias_loop": "blocks",
    "alias_chain_long": "blocks", "target_missing": "risks", "proxied": "blocks", "dnssec_bogus": "blocks/risks",
    "dnssec_ds_without_keys": "blocks/risks", "tcp_blocked": "risks/blocks", "edns_refused": "remark", "caches_old": "passes",
    "caa_forbids": "risks", "caa_fails": "risks", "resolvers_fail": "blocks", "too_many_records": "blocks", "too_busy": "blocks",
}

# What is merely absent: true beside many a better explanation, never wrong to say after it.
PLAIN = {"name_missing", "type_missing", "other_value"}

NOT_FROM_OUTSIDE = {
    "too_many_records": "one look with more than 64 records; the command line looks at one",
    "too_busy": "more than 1,024 looks at a time in one process",
}

# Nobody has said anything, or only those whose task is not the domain.
WITHOUT_EVIDENCE = {"domain_unregistered", "no_delegation", "resolvers_fail", "too_many_records", "too_busy"}
