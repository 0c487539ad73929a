<?xml version="1.0" encoding="UTF-8"?>
<!--
  The hashed text of every agreement of a get response, with its id and whether it may be approved: the definition
  in the EWP IIAs API 7.0.0 rule by rule, every element asked for itself. hash_text_fast.xsl says the same in
  another way. It stops, as it must, where two ids or two years stand in one place.
-->
<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:f="urn:hash-text" exclude-result-prefixes="xs f">

  <xsl:output method="xml" encoding="UTF-8" omit-xml-declaration="yes"/>

  <xsl:template match="/">
    <agreements>
      <xsl:for-each select="//*[local-name() = 'iia']">
        <agreement id="{*[local-name() = 'partner'][1]/*[local-name() = 'iia-id']}"
                   approvable="{not(//*[f:is-flagged(.) or @v6-value != ''])}">
          <xsl:if test="//*[local-name() = 'cooperation-conditions']
                        /@*[local-name() = 'terminated-as-a-whole'][. = 'true' or . = '1']"
            >_@terminated-as-a-whole@_</xsl:if>
          <xsl:for-each select="*[local-name() = 'partner']">
            <xsl:sequence select="f:segment(concat('iia-id_', position()), *[local-name() = 'iia-id'])"/>
          </xsl:for-each>
          <xsl:apply-templates select="*[local-name() = 'cooperation-conditions']/*"/>
        </agreement>
      </xsl:for-each>
    </agreements>
  </xsl:template>

  <!-- One condition: what is inside it, then its two years. -->
  <xsl:template match="*">
    <xsl:for-each select="descendant::*
        [not(ancestor::*[local-name() = 'sending-contact' or local-name() = 'receiving-contact'])]
        [not(local-name() = 'receiving-first-academic-year-id')]
        [not(local-name() = 'receiving-last-academic-year-id')]
        [not(ancestor-or-self::*[f:is-flagged(.)])]">
      <xsl:variable name="name" select="concat(local-name(../..), '.', local-name(..), '.', local-name())"/>
      <xsl:for-each select="@* except (@not-yet-defined, @v6-value)">
        <xsl:value-of select="concat('_@', $name, '.', local-name(), '=', ., '@_')"/>
      </xsl:for-each>
      <xsl:if test="not(*)">
        <xsl:sequence select="f:segment($name, .)"/>
      </xsl:if>
    </xsl:for-each>
    <xsl:sequence select="f:segment('receiving-first-academic-year-id',
                                    *[local-name() = 'receiving-first-academic-year-id'])"/>
    <xsl:sequence select="f:segment('receiving-last-academic-year-id',
                                    *[local-name() = 'receiving-last-academic-year-id'])"/>
  </xsl:template>

  <xsl:function name="f:segment">
    <xsl:param name="name" as="xs:string"/>
    <xsl:param name="element" as="element()?"/>
    <xsl:choose>
      <xsl:when test="local-name($element) = 'isced-f-code' and $element/@v6-value != ''">
        <xsl:value-of select="concat('_', $name, '=', $element/@v6-value, '_')"/>
      </xsl:when>
      <xsl:otherwise>
        <xsl:value-of select="concat('_', $name, '=', $element, '_')"/>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:function>

  <xsl:function name="f:is-flagged" as="xs:boolean">
    <xsl:param name="element" as="element()"/>
    <xsl:sequence select="$element/@not-yet-defined = 'true' or $element/@not-yet-defined = '1'"/>
  </xsl:function>

</xsl:stylesheet>
