<?xml version="1.0" encoding="UTF-8"?>
<!--
  The hashed text of every agreement of a get response, as an XSLT processor gives it: what the Python walk is
  measured against and checked with. Several texts are parted by U+E000. Written after the definition of the text
  in the EWP IIAs API 7.0.0; it stops, as it must, where two ids or two years stand in one place.
-->
<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:f="urn:hash-text" exclude-result-prefixes="xs f">

  <xsl:output method="text" encoding="UTF-8"/>

  <xsl:template match="/">
    <xsl:variable name="marker" as="xs:string"
                  select="if (//*:cooperation-conditions/@*:terminated-as-a-whole[. = ('true', '1')])
                          then '_@terminated-as-a-whole@_' else ''"/>
    <xsl:for-each select="//*:iia">
      <xsl:if test="position() gt 1">&#xE000;</xsl:if>
      <xsl:value-of select="$marker"/>
      <xsl:for-each select="*:partner">
        <xsl:value-of select="concat('_iia-id_', position(), '=', f:only(*:iia-id), '_')"/>
      </xsl:for-each>
      <xsl:for-each select="*:cooperation-conditions/*">
        <xsl:if test="not(ancestor-or-self::*[f:is-flagged(.) or f:is-contact(.)])">
          <xsl:apply-templates select="*"/>
        </xsl:if>
        <xsl:value-of select="concat('_receiving-first-academic-year-id=',
                                     f:only(*:receiving-first-academic-year-id), '_')"/>
        <xsl:value-of select="concat('_receiving-last-academic-year-id=',
                                     f:only(*:receiving-last-academic-year-id), '_')"/>
      </xsl:for-each>
    </xsl:for-each>
  </xsl:template>

  <xsl:template match="*">
    <xsl:call-template name="write"/>
    <xsl:apply-templates select="*"/>
  </xsl:template>

  <xsl:template match="*:sending-contact | *:receiving-contact">
    <xsl:call-template name="write"/>
  </xsl:template>

  <xsl:template match="*:receiving-first-academic-year-id | *:receiving-last-academic-year-id">
    <xsl:apply-templates select="*"/>
  </xsl:template>

  <xsl:template match="*[@not-yet-defined = ('true', '1')]" priority="2"/>

  <xsl:template name="write">
    <xsl:variable name="where" as="xs:string"
                  select="concat(local-name(../..), '.', local-name(..), '.', local-name())"/>
    <xsl:for-each select="@* except (@not-yet-defined, @v6-value)">
      <xsl:value-of select="concat('_@', $where, '.', local-name(), '=', ., '@_')"/>
    </xsl:for-each>
    <xsl:if test="not(*)">
      <xsl:value-of select="concat('_', $where, '=', f:value(.), '_')"/>
    </xsl:if>
  </xsl:template>

  <xsl:function name="f:value" as="xs:string">
    <xsl:param name="leaf" as="element()"/>
    <xsl:sequence select="if ($leaf/self::*:isced-f-code and $leaf/@v6-value != '')
                          then string($leaf/@v6-value) else string($leaf)"/>
  </xsl:function>

  <xsl:function name="f:only" as="xs:string">
    <xsl:param name="elements" as="element()?"/>
    <xsl:sequence select="string($elements)"/>
  </xsl:function>

  <xsl:function name="f:is-flagged" as="xs:boolean">
    <xsl:param name="element" as="element()"/>
    <xsl:sequence select="$element/@not-yet-defined = ('true', '1')"/>
  </xsl:function>

  <xsl:function name="f:is-contact" as="xs:boolean">
    <xsl:param name="element" as="element()"/>
    <xsl:sequence select="local-name($element) = ('sending-contact', 'receiving-contact')"/>
  </xsl:function>

</xsl:stylesheet>
