"""The registries: these tuples, and nothing else, decide which rules are asked."""

from mobility_bridge.domain.case import AgreementCase, PartnerCase, SourceCase
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.rule import Rule
from mobility_bridge.reconcile.rules import (
    iia_amounts,
    iia_approval,
    iia_conditions,
    iia_fields,
    iia_hash,
    iia_identity,
    iia_mapping,
    iia_state,
    iia_validity,
    local_record,
    partner,
    source,
)

AGREEMENT_RULES: tuple[Rule[AgreementCase], ...] = (
    iia_identity.partner_names_us_first,
    iia_identity.copy_is_about_other_universities,
    iia_identity.condition_names_a_third_university,
    iia_identity.agreement_number_is_used_as_id,
    iia_identity.partner_gave_the_agreement_a_new_id,
    iia_identity.deleted_id_is_used_again,
    iia_mapping.partner_does_not_list_our_id,
    iia_mapping.we_do_not_list_the_partners_id,
    iia_mapping.partner_lists_an_id_that_never_existed,
    iia_mapping.partner_lists_an_id_that_we_deleted,
    iia_mapping.copies_name_different_counterparts,
    iia_mapping.partner_serves_our_agreement_in_parts,
    iia_mapping.another_copy_of_ours_lists_the_same_partner_copy,
    iia_mapping.partner_shows_no_copy,
    iia_mapping.partner_offers_what_we_do_not_have,
    iia_mapping.partner_deleted_its_copy,
    iia_mapping.partner_dropped_a_concluded_agreement,
    iia_mapping.index_and_answer_disagree,
    iia_hash.hash_is_declared_wrong,
    iia_hash.hash_covers_the_whole_document,
    iia_hash.hash_was_computed_before_mapping,
    iia_hash.hash_was_computed_with_swapped_ids,
    iia_hash.hash_was_computed_on_another_layout,
    iia_hash.hash_was_computed_in_another_encoding,
    iia_hash.hash_was_computed_on_other_number_forms,
    iia_hash.hash_was_computed_without_empty_elements,
    iia_hash.hash_covers_contacts,
    iia_hash.hash_comes_from_an_old_stylesheet,
    iia_hash.hash_is_in_upper_case,
    iia_hash.hash_cannot_be_computed,
    iia_hash.conditions_hold_stray_attributes,
    iia_hash.hash_changes_without_a_change_of_terms,
    iia_conditions.condition_is_missing_at_the_partner,
    iia_conditions.partner_has_a_further_condition,
    iia_conditions.condition_is_split_or_merged,
    iia_conditions.sending_and_receiving_are_exchanged,
    iia_conditions.copy_has_no_conditions,
    iia_amounts.number_of_mobilities_differs,
    iia_amounts.duration_differs,
    iia_amounts.duration_is_rounded,
    iia_amounts.duration_is_per_person,
    iia_amounts.duration_is_one_sided,
    iia_fields.recommended_language_differs,
    iia_fields.language_is_another_variant,
    iia_fields.language_is_repeated,
    iia_fields.isced_code_differs,
    iia_fields.isced_code_is_broader,
    iia_fields.isced_clarification_differs,
    iia_fields.eqf_level_differs,
    iia_fields.blended_mobility_differs,
    iia_fields.organisational_unit_differs,
    iia_fields.organisational_unit_is_one_sided,
    iia_fields.other_terms_differ,
    iia_validity.academic_years_differ,
    iia_validity.last_year_lies_before_the_first,
    iia_validity.academic_years_mix_two_calendars,
    iia_validity.agreement_runs_beyond_the_programme,
    iia_validity.agreement_runs_out,
    iia_validity.agreement_has_run_out,
    iia_validity.students_go_only_one_way,
    iia_state.version_6_values_forbid_an_approval,
    iia_state.version_6_flags_are_used_on_a_new_agreement,
    iia_state.partner_dropped_version_6_flags,
    iia_state.only_one_side_has_terminated,
    iia_state.termination_flag_is_sent_as_false,
    iia_state.in_effect_contradicts_the_approvals,
    iia_state.partner_copied_our_terms_at_once,
    iia_approval.approval_is_of_an_earlier_text,
    iia_approval.approval_names_the_partners_own_copy,
    iia_approval.approval_is_of_an_unknown_text,
    iia_approval.partner_took_its_approval_away,
    iia_approval.approval_follows_every_change,
    iia_approval.partner_approved_before_mapping,
    iia_approval.our_approval_is_missing,
    iia_approval.partners_approval_is_missing,
    local_record.local_value_has_no_counterpart,
    local_record.local_status_contradicts_the_approvals,
    local_record.local_note_of_the_partners_approval_is_wrong,
)

PARTNER_RULES: tuple[Rule[PartnerCase], ...] = (
    partner.partner_does_not_answer,
    partner.answers_arrive_damaged,
    partner.partners_answers_cannot_be_trusted,
    partner.partner_refuses_our_requests,
    partner.error_answer_is_no_error_document,
    partner.answer_is_not_a_valid_document,
    partner.partner_offers_only_an_old_version,
    partner.partner_does_not_offer_an_interface,
    partner.partner_is_not_in_the_catalogue,
    partner.partner_lists_far_fewer_agreements,
    partner.partner_lists_agreements_of_others,
    partner.notifications_were_not_taken,
)

SOURCE_RULES: tuple[Rule[SourceCase], ...] = (
    source.our_own_system_cannot_be_read,
    source.our_own_system_was_read_in_part,
    source.our_own_system_holds_far_less,
    source.record_of_ours_cannot_be_read,
    source.catalogue_of_the_network_is_old,
    source.network_does_not_know_our_key,
)

_BEFORE_THE_STAY: tuple[Rule[StayCase], ...] = ()
"""Who it is, the nomination, and the agreement that the place is taken from."""

_LEARNING_AGREEMENT: tuple[Rule[StayCase], ...] = ()
"""The learning agreement: its versions and signatures, its components and credits."""

_REGISTRY: tuple[Rule[StayCase], ...] = ()
"""What the student registry says: established, admitted, registered, withdrawn."""

_DURING_AND_AFTER: tuple[Rule[StayCase], ...] = ()
"""Dates, transcripts and credit transfer, and how fresh our copies are."""

STAY_RULES: tuple[Rule[StayCase], ...] = (
    *_BEFORE_THE_STAY,
    *_LEARNING_AGREEMENT,
    *_REGISTRY,
    *_DURING_AND_AFTER,
)
