"""When time, lengths and credits alone make something worth saying about a student's stay."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class StayRulesSettings(BaseModel):
    """When time, lengths and credits alone make something worth saying about a student's stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    heard_days: int = Field(
        4,
        ge=1,
        description="Days after which a system that cannot be read counts as not heard: what is missing there is then "
        "said no more. Longer than a weekend with a holiday.",
    )
    registration_before_days: int = Field(
        14,
        ge=0,
        description="Days before departure from which a student who is not registered is said: insurance and student "
        "finance hang on the registration.",
    )
    admission_before_days: int = Field(
        60,
        ge=0,
        description="Days before departure from which a student who is not admitted to the exchange is said.",
    )
    agreement_before_days: int = Field(
        90,
        ge=0,
        description="Days before departure from which an exchange agreement or occasion missing in the registry is "
        "said: admission needs both.",
    )
    la_missing_grave_days: int = Field(
        14,
        ge=0,
        description="Days before departure from which a missing learning agreement is grave.",
    )
    la_pending_days: int = Field(
        14, ge=0, description="Days that a proposal of a learning agreement may wait for the receiving side."
    )
    la_change_weeks: int = Field(
        5,
        ge=0,
        description="Weeks after the start within which the programme expects changes to be proposed.",
    )
    la_decision_weeks: int = Field(
        2, ge=0, description="Weeks within which the programme expects a change to be decided on."
    )
    nomination_delivery_days: int = Field(
        2, ge=0, description="Days that a nomination may stay unread by the receiving side."
    )
    nomination_decision_days: int = Field(
        30, ge=0, description="Days that a nomination may wait for a decision."
    )
    decision_lost_hours: int = Field(
        24, ge=0, description="Hours after which a decision of ours that the partner does not show is lost."
    )
    status_drift_hours: int = Field(
        1, ge=0, description="Hours that two systems may show different states: their usual lag."
    )
    dates_drift_days: int = Field(
        7, ge=0, description="Days by which planned dates, or arrival and plan, may differ unsaid."
    )
    arrival_grace_days: int = Field(
        14, ge=0, description="Days after the planned start within which an arrival is entered."
    )
    arrival_drift_days: int = Field(
        14, ge=0, description="Days beyond which an arrival that is not as planned needs correction."
    )
    departure_grace_days: int = Field(
        21, ge=0, description="Days after the planned end within which a departure is entered."
    )
    shortened_days: int = Field(
        5, ge=0, description="Days by which a stay may be shorter than planned before the grant is concerned."
    )
    minimum_long_days: int = Field(
        60, ge=1, description="Days that the programme asks of a long stay, at least: two months."
    )
    minimum_short_days: int = Field(
        5, ge=1, description="Days that the programme asks of a blended or short doctoral stay, at least."
    )
    transcript_weeks: int = Field(
        10,
        ge=0,
        description="Weeks after the stay by which a transcript is expected: five after the results.",
    )
    transcript_grave_weeks: int = Field(
        14, ge=0, description="Weeks after the stay from which a missing transcript is grave."
    )
    transfer_weeks: int = Field(
        5, ge=0, description="Weeks after the transcript by which credits are to be transferred."
    )
    insurance_margin_days: int = Field(
        14, ge=0, description="Days before and after the exchange that the state's insurance covers."
    )
    term_credits: Decimal = Field(
        Decimal(30), ge=0, description="ECTS credits of a full term; a learning agreement below is said."
    )
    term_credits_high: Decimal = Field(
        Decimal(40), ge=0, description="ECTS credits of a term above which a learning agreement is said."
    )
    short_credits: Decimal = Field(
        Decimal(3), ge=0, description="ECTS credits that a blended stay must bring, at least."
    )
    credit_tolerance: Decimal = Field(
        Decimal("2.5"), ge=0, description="ECTS credits by which what is studied and recognised may differ."
    )
    copy_stale_days: int = Field(
        7, ge=0, description="Days after which what was last read of a running stay is out of date."
    )
    signature_tolerance_s: int = Field(
        300, ge=0, description="Seconds by which the clocks of two signing systems may differ."
    )
